"""The official SDK drives the catalog of the simulator, every exchange checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from square.core.api_error import ApiError

from tests.contract.square.account import VERSIONS, Account, open_account, variation

ONCE = {"max_retries": 0}


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def refused(call: Any, **arguments: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(**arguments, request_options=ONCE)
    return caught.value


def test_an_item_is_created_read_listed_and_found(account: Account) -> None:
    item = account.new_item("Wool cap", ("CAP-S", "CAP-M"), description="Warm & soft")
    catalog = account.client.catalog
    assert [one.item_variation_data.sku for one in item.item_data.variations] == ["CAP-S", "CAP-M"]
    assert item.item_data.description_html == "<p>Warm &amp; soft</p>"
    assert item.item_data.description_plaintext == "Warm & soft"
    assert catalog.object.get(object_id=item.id).object.version == item.version
    assert [one.id for one in catalog.list(types="item")] == [item.id]
    found = catalog.search(
        object_types=["ITEM_VARIATION"],
        query={"set_query": {"attribute_name": "sku", "attribute_values": ["cap-m", "nothing"]}},
        include_related_objects=True,
    )
    assert [one.item_variation_data.sku for one in found.objects] == ["CAP-M"]
    assert [one.id for one in found.related_objects] == [item.id]
    by_text = catalog.search_items(text_filter="wool", limit=10)
    assert [one.id for one in by_text.items] == [item.id]
    assert len(by_text.matched_variation_ids) == 2


def test_an_upsert_without_the_current_version_is_refused_without_naming_the_object(account: Account) -> None:
    item = account.new_item()
    kid = item.item_data.variations[0]
    for item_version, kid_version in ((None, kid.version), (item.version, None), (item.version - 1, kid.version)):
        given: dict[str, Any] = {"type": "ITEM", "id": item.id}
        given["item_data"] = {"name": "Shirt", "variations": [variation(kid.id, "S-1")]}
        if item_version is not None:
            given["version"] = item_version
        if kid_version is not None:
            given["item_data"]["variations"][0]["version"] = kid_version
        error = refused(
            account.client.catalog.batch_upsert, idempotency_key=account.key(), batches=[{"objects": [given]}]
        )
        assert error.status_code == 400
        assert [(one.code, one.field) for one in error.errors] == [("VERSION_MISMATCH", "version")]
        assert item.id not in str(error.body)
    account.square.switch(version_mismatch_status=409)
    assert refused(account.client.catalog.object.upsert, idempotency_key="x", object=given).status_code == 409


def test_a_batch_fails_whole_while_the_other_batches_of_the_request_succeed(account: Account) -> None:
    ghost = {"type": "ITEM", "id": "GHOST", "version": 1, "item_data": {"name": "Ghost", "variations": []}}
    good = {"type": "ITEM", "id": "#g", "item_data": {"name": "Good", "variations": [variation("#gv", "G")]}}
    lost = {"type": "ITEM", "id": "#l", "item_data": {"name": "Lost", "variations": [variation("#lv", "L")]}}
    made = account.client.catalog.batch_upsert(
        idempotency_key=account.key(), batches=[{"objects": [lost, ghost]}, {"objects": [good]}]
    )
    assert [one.item_data.name for one in made.objects] == ["Good"]
    assert "update nonexistent object GHOST" in made.errors[0].detail
    assert [one.item_data.name for one in account.client.catalog.list(types="ITEM")] == ["Good"]
    assert {one.client_object_id for one in made.id_mappings} == {"#g", "#gv"}


def test_the_same_key_answers_the_same_and_refuses_another_body(account: Account) -> None:
    catalog = account.client.catalog
    tax = {"type": "TAX", "id": "#t", "tax_data": {"name": "VAT", "percentage": "20"}}
    first = catalog.object.upsert(idempotency_key="once", object=tax)
    again = catalog.object.upsert(idempotency_key="once", object=tax)
    assert again.catalog_object.id == first.catalog_object.id
    assert again.id_mappings == first.id_mappings
    tax["tax_data"] = {"name": "VAT", "percentage": "21"}
    error = refused(catalog.object.upsert, idempotency_key="once", object=tax)
    assert error.errors[0].code == "IDEMPOTENCY_KEY_REUSED"


def test_deleting_an_item_buries_its_variations_and_delta_search_sees_it(account: Account) -> None:
    catalog = account.client.catalog
    item = account.new_item(skus=("A", "B"))
    account.new_item("Other", ("C",))
    seen = catalog.search(object_types=["ITEM"]).latest_time
    gone = catalog.object.delete(object_id=item.id)
    assert len(gone.deleted_object_ids) == 3
    delta = catalog.search(object_types=["ITEM", "ITEM_VARIATION"], begin_time=seen, include_deleted_objects=True)
    assert {one.id for one in delta.objects} == set(gone.deleted_object_ids)
    assert all(one.is_deleted for one in delta.objects)
    assert catalog.search(object_types=["ITEM"], begin_time=delta.latest_time).objects is None
    assert refused(catalog.object.get, object_id=item.id).status_code == 404
    assert catalog.batch_get(object_ids=[item.id]).objects is None


def test_batch_delete_deletes_what_it_can(account: Account) -> None:
    item = account.new_item(skus=("A", "B"))
    kid = item.item_data.variations[1]
    gone = account.client.catalog.batch_delete(object_ids=["NOTHING", kid.id])
    assert gone.deleted_object_ids == [kid.id]
    assert len(account.client.catalog.object.get(object_id=item.id).object.item_data.variations) == 1


def test_an_image_is_kept_served_and_put_first_when_primary(account: Account) -> None:
    item = account.new_item()
    image = {"type": "IMAGE", "id": "#i", "image_data": {"name": "front", "caption": "Front"}}
    for name, primary in (("one", None), ("two", True)):
        request: dict[str, Any] = {"idempotency_key": name, "object_id": item.id, "image": image}
        if primary is not None:
            request["is_primary"] = primary
        made = account.client.catalog.images.create(
            request=request, image_file=(f"{name}.png", name.encode(), "image/png")
        )
    again = account.client.catalog.images.create(request=request, image_file=("two.png", b"two", "image/png"))
    assert again.image.id == made.image.id
    shown = account.client.catalog.object.get(object_id=item.id).object
    assert shown.item_data.image_ids[0] == made.image.id
    assert len(shown.item_data.image_ids) == 2
    assert shown.version > item.version
    served = account.client._client_wrapper.httpx_client.httpx_client.get(made.image.image_data.url)
    assert (served.content, served.headers["content-type"]) == (b"two", "image/png")


def test_taxes_are_added_by_upserts_and_taken_off_only_by_update_item_taxes(account: Account) -> None:
    catalog = account.client.catalog
    tax = catalog.object.upsert(
        idempotency_key="t", object={"type": "TAX", "id": "#t", "tax_data": {"name": "VAT", "percentage": "20"}}
    ).catalog_object
    item = account.new_item(tax_ids=[tax.id])
    kid = item.item_data.variations[0]
    rewritten = catalog.object.upsert(
        idempotency_key="u",
        object={
            "type": "ITEM",
            "id": item.id,
            "version": item.version,
            "item_data": {"name": "Shirt", "variations": [{**variation(kid.id, "S-1"), "version": kid.version}]},
        },
    ).catalog_object
    assert rewritten.item_data.tax_ids == [tax.id]
    assert rewritten.item_data.variations[0].version == kid.version
    catalog.update_item_taxes(item_ids=[item.id], taxes_to_disable=[tax.id])
    assert catalog.object.get(object_id=item.id).object.item_data.tax_ids is None


def test_options_name_the_variations_and_must_be_complete_and_unique(account: Account) -> None:
    catalog = account.client.catalog

    def value(name: str) -> dict[str, Any]:
        return {"type": "ITEM_OPTION_VAL", "id": f"#{name}", "item_option_value_data": {"name": name}}

    option = {"type": "ITEM_OPTION", "id": "#size"}
    option["item_option_data"] = {"name": "Size", "values": [value("S"), value("M")]}  # type: ignore[assignment]

    def item(*values: str) -> dict[str, Any]:
        kids = []
        for index, chosen in enumerate(values):
            taken = [{"item_option_id": "#size", "item_option_value_id": f"#{chosen}"}]
            kids.append(variation(f"#v{index}", f"SKU-{chosen}", item_option_values=taken))
        data = {"name": "Tee", "item_options": [{"item_option_id": "#size"}], "variations": kids}
        return {"type": "ITEM", "id": "#tee", "item_data": data}

    error = refused(catalog.batch_upsert, idempotency_key="twice", batches=[{"objects": [option, item("S", "S")]}])
    assert error.errors[0].code == "INVALID_VALUE"
    made = catalog.batch_upsert(idempotency_key="ok", batches=[{"objects": [option, item("S", "M")]}])
    tee = next(one for one in made.objects if one.type == "ITEM")
    assert [one.item_variation_data.name for one in tee.item_data.variations] == ["S", "M"]
    same_name = {"type": "ITEM_OPTION", "id": "#again", "item_option_data": {"name": "size", "values": []}}
    assert "already exists" in str(
        refused(catalog.object.upsert, idempotency_key="n", object=same_name).errors[0].detail
    )


def test_categories_form_a_tree_whose_path_is_told_on_request(account: Account) -> None:
    catalog = account.client.catalog
    made = catalog.batch_upsert(
        idempotency_key="c",
        batches=[
            {
                "objects": [
                    {"type": "CATEGORY", "id": "#a", "category_data": {"name": "Clothes"}},
                    {
                        "type": "CATEGORY",
                        "id": "#b",
                        "category_data": {"name": "Shirts", "parent_category": {"id": "#a"}},
                    },
                ]
            }
        ],
    )
    parent, child = made.objects
    assert parent.category_data.is_top_level
    assert child.category_data.root_category == parent.id
    path = catalog.object.get(object_id=child.id, include_category_path_to_root=True)
    assert [one.category_name for one in path.object.category_data.path_to_root] == ["Clothes"]


def test_info_tells_the_limits(account: Account) -> None:
    limits = account.client.catalog.info().limits
    assert limits.batch_upsert_max_objects_per_batch == 1000
    assert limits.batch_delete_max_object_ids == 200


def test_custom_attributes_need_a_definition_and_are_completed(account: Account) -> None:
    catalog = account.client.catalog
    values = {"bridge_key": {"string_value": "woo-7"}}
    cap = {"type": "ITEM", "id": "#i", "custom_attribute_values": values}
    cap["item_data"] = {"name": "Cap", "variations": [variation("#v", "CAP")]}
    error = refused(catalog.object.upsert, idempotency_key="early", object=cap)
    assert "not defined" in str(error.errors[0].detail)
    definition = {
        "type": "CUSTOM_ATTRIBUTE_DEFINITION",
        "id": "#d",
        "custom_attribute_definition_data": {
            "type": "STRING",
            "name": "Bridge key",
            "key": "bridge_key",
            "allowed_object_types": ["ITEM"],
        },
    }
    made = catalog.batch_upsert(idempotency_key="late", batches=[{"objects": [definition, cap]}])
    item = next(one for one in made.objects if one.type == "ITEM")
    shown = item.custom_attribute_values["bridge_key"]
    assert (shown.string_value, shown.type, shown.key) == ("woo-7", "STRING", "bridge_key")
