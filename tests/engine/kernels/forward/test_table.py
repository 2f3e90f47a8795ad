"""The table of kernels: each can be called as it says, and says what it takes."""

import inspect

import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.engine.kernels.forward.table import FITS, KERNELS


@pytest.mark.parametrize("name", KERNELS)
def test_the_settings_of_a_kernel_can_be_checked(name):
    kernel = KERNELS[name]
    fewest, most = kernel.inputs
    assert most == -1 or fewest <= most
    assert set(kernel.settings.values()) <= set(FITS)


@pytest.mark.parametrize("name", [name for name, kernel in KERNELS.items() if kernel.compiled])
def test_compiled_versions_are_called_like_their_definitions(versions, name):
    definition, fast = map(inspect.signature, versions(name))
    assert definition.parameters == fast.parameters


def test_what_does_not_fit_is_refused():
    KERNELS["Conv"].check(2, {"strides": (1, 1), "group": 1})
    for count, settings in ((1, {}), (4, {}), (2, {"group": "x"}), (2, {"strides": (1, "x")}), (2, {"no": 1})):
        with pytest.raises(InputError):
            KERNELS["Conv"].check(count, settings)
    KERNELS["Concat"].check(99, {"axis": 0})
