"""Every error the bridge raises on purpose.

BridgeError                 something a person can act on
├── ConfigError             the configuration cannot be used
├── InputError              what was typed or handed in (CSV, plan file, argument) cannot be used
├── LedgerError             the bridge's own memory cannot be used
│   ├── LedgerBusy          another bridge works on this ledger
│   └── LedgerTooNew        the ledger was written by a newer bridge
├── RemoteDown              a side does not answer (exit code 5)
├── RemoteRefused           a side answered no
│   └── AccessRefused       a key or token is missing, wrong, expired or too weak
├── NotDelivered            an alert could not be delivered
├── BrakeOn                 a limit stopped the run before it changed too much (exit code 4)
└── PlanOutdated            the world changed since the plan was made

A class docstring says what happened in general; ``advice`` says what to type next; ``exit_code`` is what the
command line ends with.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Something went wrong that a person can act on."""

    exit_code = 1
    advice = "Run `bridge doctor` to see what is wrong."

    def __init__(self, message: str = "", *, advice: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        if advice:
            self.advice = advice


class ConfigError(BridgeError):
    """The configuration cannot be used."""

    exit_code = 2
    advice = "Correct the configuration file; `config.example.yaml` shows every key. Nothing was changed."


class InputError(BridgeError):
    """What was handed to the command cannot be used."""

    exit_code = 2
    advice = "Correct it and run the command again. Nothing was changed."


class LedgerError(BridgeError):
    """The bridge's own memory (the ledger) cannot be used."""


class LedgerBusy(LedgerError):
    """Another bridge works on this ledger."""

    advice = "Wait for it to finish, or stop it; two must never work on one ledger."


class LedgerTooNew(LedgerError):
    """The ledger was written by a newer bridge than this one."""

    advice = "Install the newer bridge again, or restore the backup made before the upgrade."


class RemoteDown(BridgeError):
    """A side does not answer."""

    exit_code = 5
    advice = "Nothing is lost: what was due stays in the outbox. Run the command again when the side is back."


class RemoteRefused(BridgeError):
    """A side answered no."""


class AccessRefused(RemoteRefused):
    """A key or token is missing, wrong, expired or too weak."""

    advice = "Check the keys with `bridge doctor`. What was due stays in the outbox."


class BrakeOn(BridgeError):
    """A limit stopped the run before it changed too much."""

    exit_code = 4
    advice = "Look at `bridge decisions`; release the brake there if the change is what you want."


class PlanOutdated(BridgeError):
    """The world changed since the plan was made."""

    exit_code = 3
    advice = "Make a new plan with `bridge plan --out FILE`, read it, and apply that one."


class NotDelivered(BridgeError):
    """A message could not be delivered."""

    advice = "Check the `alerts` of the configuration with `bridge alerts test`."
