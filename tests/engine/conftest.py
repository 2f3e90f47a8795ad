import pytest
from tensornaut.engine.gpu import Context, GraphicsError


@pytest.fixture(scope="module")
def context():
    """An OpenGL context without a window."""
    try:
        made = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    yield made
    made.close()
