"""What a shop says about itself: the REST index, a namespace's routes, system status, its currency."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.times import zone
from bridge.sim.woo.view_parts import SYMBOLS

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

VERSION, WP_VERSION = "9.9.5", "6.9"
NAMESPACES = ("wc/v3", "wc-admin", "wc-analytics", "wc/store", "wc/store/v1", "wc/v1", "wc/v2", "wp/v2")
CURRENCIES = {
    "USD": "United States (US) dollar",
    "EUR": "Euro",
    "GBP": "Pound sterling",
    "CAD": "Canadian dollar",
    "AUD": "Australian dollar",
    "JPY": "Japanese yen",
}
TOOLS = (
    ("clear_transients", "WooCommerce transients"),
    ("clear_expired_transients", "Expired transients"),
    ("delete_orphaned_variations", "Orphaned variations"),
    ("clear_expired_download_permissions", "Used-up download permissions"),
    ("regenerate_product_lookup_tables", "Product lookup tables"),
    ("recount_terms", "Term counts"),
    ("reset_roles", "Capabilities"),
    ("clear_sessions", "Clear customer sessions"),
    ("clear_template_cache", "Clear template cache"),
    ("clear_system_status_theme_info_cache", "Clear system status theme info cache"),
    ("install_pages", "Create default WooCommerce pages"),
    ("delete_taxes", "Delete WooCommerce tax rates"),
    ("regenerate_thumbnails", "Regenerate shop thumbnails"),
    ("db_update_routine", "Update database"),
    ("recreate_order_address_fts_index", "Re-create Order Address FTS index"),
    ("verify_db_tables", "Verify base database tables"),
    ("regenerate_product_attributes_lookup_table", "Regenerate the product attributes lookup table"),
    ("clear_woocommerce_analytics_cache", "Clear analytics cache"),
    ("refresh_remote_inbox_notifications", "Refresh Remote Inbox Notifications"),
    ("delete_inbox_notification", "Delete an Inbox Notification"),
    ("hpos_legacy_cleanup", "Clean up order data from legacy tables"),
    ("delete_custom_orders_table", "Delete the custom orders tables"),
    ("schedule_expired_transient_files_cleanup", "Schedule expired transient files cleanup"),
)
_TABLES = ("sessions", "api_keys", "attribute_taxonomies", "order_items", "order_itemmeta", "tax_rates")
_OTHER_TABLES = ("options", "postmeta", "posts", "wc_orders", "wc_product_meta_lookup", "wc_webhooks")
WOO_PLUGIN = ("woocommerce/woocommerce.php", "WooCommerce", VERSION)


def _index(shop: FakeWoo, call: Call) -> SimResponse:
    state, base = shop.state, call.base
    offset = datetime.fromtimestamp(shop.now(), zone(state.timezone)).utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0.0
    return call.reply(
        {
            "name": state.options["blogname"],
            "description": state.options["blogdescription"],
            "url": base,
            "home": base,
            "gmt_offset": int(hours) if hours == int(hours) else hours,
            "timezone_string": state.timezone,
            "page_for_posts": 0,
            "page_on_front": 0,
            "show_on_front": "posts",
            "namespaces": list(NAMESPACES),
            "authentication": {
                "application-passwords": {"endpoints": {"authorization": f"{base}/wp-admin/authorize-application.php"}}
            },
            "routes": _routes(shop, call, ""),
            "site_logo": 0,
            "site_icon": 0,
            "site_icon_url": "",
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }
    )


def route_pattern(pattern: str) -> str:
    """A route as the index writes it: ``/wc/v3/products/(?P<id>[\\d]+)``."""
    pattern = re.sub(r"<(\w+)>", r"(?P<\1>[\\d]+)", pattern)
    return re.sub(r"<(\w+):slug>", r"(?P<\1>[\\w-]+)", pattern)


def _routes(shop: FakeWoo, call: Call, space: str) -> dict[str, Any]:
    made = {}
    for pattern, methods in shop.router.patterns.items():
        if not pattern.startswith(space) or pattern == "/":
            continue
        made[route_pattern(pattern)] = {
            "namespace": "/".join(pattern.strip("/").split("/")[:2]),
            "methods": list(methods),
            "endpoints": [{"methods": list(methods), "args": {}}],
            "_links": {"self": [{"href": f"{call.base}/wp-json{pattern}"}]},
        }
    return made


def _namespace(shop: FakeWoo, call: Call) -> SimResponse:
    routes = _routes(shop, call, "/wc/v3")
    routes["/wc/v3"] = {"namespace": "wc/v3", "methods": ["GET"], "endpoints": [], "_links": {}}
    links = {"up": [{"href": f"{call.base}/wp-json/"}]}
    return call.reply({"namespace": "wc/v3", "routes": routes, "_links": links})


def _environment(shop: FakeWoo, call: Call) -> dict[str, Any]:
    return {
        "home_url": call.base,
        "site_url": call.base,
        "store_id": "5f3c7a52-0000-4000-a000-000000000001",
        "version": VERSION,
        "log_directory": "/srv/shop/wp-content/uploads/wc-logs/",
        "log_directory_writable": True,
        "wp_version": WP_VERSION,
        "wp_multisite": False,
        "wp_memory_limit": 536870912,
        "wp_debug_mode": False,
        "wp_cron": shop.state.options.get("wp_cron", "yes") == "yes",
        "language": "en_US",
        "external_object_cache": None,
        "server_info": "nginx",
        "server_architecture": "Linux x86_64",
        "php_version": "8.2.36",
        "php_post_max_size": 33554432,
        "php_max_execution_time": 120,
        "php_max_input_vars": 1000,
        "curl_version": "7.88.1",
        "suhosin_installed": False,
        "max_upload_size": 33554432,
        "mysql_version": "10.11.19",
        "mysql_version_string": "10.11.19-MariaDB",
        "default_timezone": "UTC",
        "fsockopen_or_curl_enabled": True,
        "soapclient_enabled": False,
        "domdocument_enabled": True,
        "gzip_enabled": True,
        "mbstring_enabled": True,
        "remote_post_successful": False,
        "remote_post_response": False,
        "remote_get_successful": False,
        "remote_get_response": False,
    }


def _database() -> dict[str, Any]:
    size = {"data": "0.02", "index": "0.02", "engine": "InnoDB"}
    return {
        "wc_database_version": VERSION,
        "database_prefix": "wp_",
        "maxmind_geoip_database": "",
        "database_tables": {
            "woocommerce": {f"wp_woocommerce_{name}": size for name in _TABLES},
            "other": {f"wp_{name}": size for name in _OTHER_TABLES},
        },
        "database_size": {"data": 1.5, "index": 1.8},
    }


def _plugin(path: str, name: str, version: str) -> dict[str, Any]:
    return {
        "plugin": path,
        "name": name,
        "version": version,
        "version_latest": version,
        "url": "https://woocommerce.com/",
        "author_name": "Automattic",
        "author_url": "https://woocommerce.com",
        "network_activated": False,
    }


def _settings(shop: FakeWoo) -> dict[str, Any]:
    state = shop.state
    terms = ("exclude-from-catalog", "exclude-from-search", "featured", "outofstock")
    rated = [f"rated-{n}" for n in range(1, 6)]
    hpos = state.flag("woocommerce_custom_orders_table_enabled")
    return {
        "api_enabled": False,
        "force_ssl": False,
        "currency": state.currency,
        "currency_symbol": SYMBOLS.get(state.currency, state.currency),
        "currency_position": state.options["woocommerce_currency_pos"],
        "thousand_separator": state.options["woocommerce_price_thousand_sep"],
        "decimal_separator": state.options["woocommerce_price_decimal_sep"],
        "number_of_decimals": state.decimals,
        "geolocation_enabled": False,
        "taxonomies": {name: name for name in ("external", "grouped", "simple", "variable")},
        "product_visibility_terms": {name: name for name in (*terms, *rated)},
        "woocommerce_com_connected": "no",
        "enforce_approved_download_dirs": True,
        "order_datastore": "OrdersTableDataStore" if hpos else "WC_Order_Data_Store_CPT",
        "HPOS_enabled": hpos,
        "HPOS_sync_enabled": False,
        "enabled_features": ["analytics"],
    }


def _system_status(shop: FakeWoo, call: Call) -> SimResponse:
    plugins = [WOO_PLUGIN, *(tuple(row) for row in shop.state.options.get("extra_plugins", ()))]
    page = {"page_name": "Shop base", "page_id": "5", "shortcode": "", "block": ""}
    page_flags = {"page_set": True, "page_exists": True, "page_visible": True, "shortcode_required": False}
    block_flags = {"shortcode_present": False, "block_present": False, "block_required": False}
    theme = {
        "name": "Twenty Twenty-Four",
        "version": "1.3",
        "version_latest": 0,
        "author_url": "https://wordpress.org",
        "is_child_theme": False,
        "is_block_theme": True,
        "has_woocommerce_support": False,
        "has_woocommerce_file": False,
        "has_outdated_templates": False,
        "overrides": [],
        **dict.fromkeys(("parent_name", "parent_version", "parent_version_latest", "parent_author_url"), ""),
    }
    logging = {
        "logging_enabled": True,
        "default_handler": "LogHandlerFileV2",
        "retention_period_days": 30,
        "level_threshold": "",
        "log_directory_size": "5 KB",
    }
    counts = [("attachment", shop.state.media), ("product", shop.state.product_ids)]
    return call.reply(
        {
            "environment": _environment(shop, call),
            "database": _database(),
            "active_plugins": [_plugin(str(path), str(name), str(ver)) for path, name, ver in plugins],
            "inactive_plugins": [],
            "dropins_mu_plugins": {"dropins": [], "mu_plugins": []},
            "theme": theme,
            "settings": _settings(shop),
            "security": {"secure_connection": call.base.startswith("https"), "hide_errors": True},
            "pages": [{**page, **page_flags, **block_flags}],
            "post_type_counts": [{"type": kind, "count": str(len(held))} for kind, held in counts],
            "logging": logging,
        }
    )


def _tools(shop: FakeWoo, call: Call) -> SimResponse:
    return call.reply([_tool(call, number, name) for number, name in TOOLS])


def _tool(call: Call, number: str, name: str) -> dict[str, Any]:
    url = f"{call.base}/wp-json/wc/v3/system_status/tools/{number}"
    return {
        "id": number,
        "name": name,
        "action": "Run",
        "description": name,
        "_links": {"item": [{"href": url, "embeddable": True}]},
    }


def _currency(shop: FakeWoo, call: Call) -> SimResponse:
    code = call.args.get("currency", shop.state.currency).upper()
    if code not in CURRENCIES and code != shop.state.currency:
        raise WooError(
            404, "woocommerce_rest_data_invalid_currency", "There are no currencies matching these parameters."
        )
    url = f"{call.base}/wp-json/wc/v3/data/currencies"
    return call.reply(
        {
            "code": code,
            "name": CURRENCIES.get(code, code),
            "symbol": SYMBOLS.get(code, code),
            "_links": {
                "self": [{"href": f"{url}/{code}", "targetHints": {"allow": ["GET"]}}],
                "collection": [{"href": url}],
            },
        }
    )


def register(router: Router) -> None:
    """Add the routes that describe the shop."""
    router.add("GET", "/", _index, needs="public")
    router.add("GET", "/wc/v3", _namespace, needs="public")
    router.add("GET", "/wc/v3/system_status", _system_status, needs="list")
    router.add("GET", "/wc/v3/system_status/tools", _tools, needs="list")
    router.add("GET", "/wc/v3/data/currencies/current", _currency, needs="list")
    router.add("GET", "/wc/v3/data/currencies/<currency:slug>", _currency, needs="list")
