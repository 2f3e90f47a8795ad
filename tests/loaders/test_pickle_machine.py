"""Pickles come out as the data that was pickled; what would call or import something comes out as data too, or not."""

import collections
import pickle
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.loaders import pickle_machine
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.pickle_objects import Dict, Global, Inert, Set, bytes_of
from tensornaut.loaders.torch_walk import walk

PROTOCOLS = range(6)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**2000), 2**2000),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.binary(),
    st.binary(min_size=200, max_size=300),
)
KEYS = st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.tuples(st.integers(), st.text()))
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(collections.OrderedDict),
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
        st.binary().map(bytearray),
    ),
    max_leaves=30,
)


def load(data):
    """The object of a pickle, which ends where its bytes end."""
    found, end = pickle_machine.load(data, "model.pkl")
    assert end == len(data)
    return found


def plain(found):
    """What Python's own objects would be."""
    if isinstance(found, Dict):
        return {plain(key): plain(value) for key, value in found.entries()}
    if isinstance(found, Set):
        return {plain(item) for item in found.items}
    if isinstance(found, list | tuple):
        return type(found)(map(plain, found))
    data = bytes_of(found)
    return found if data is None else data


@given(DATA, st.sampled_from(PROTOCOLS))
def test_data_comes_out_as_it_was_pickled(data, protocol):
    assert plain(load(pickle.dumps(data, protocol))) == data


@given(DATA)
def test_the_slow_pickler_of_python_writes_the_same_data(data):
    assert plain(load(pickle._dumps(data, 4))) == plain(load(pickle._dumps(data, 2))) == data


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_shared_stays_shared(protocol):
    inner = [1]
    cyclic = [inner, inner]
    cyclic.append(cyclic)
    found = load(pickle.dumps(cyclic, protocol))
    assert found[0] is found[1] and found[2] is found


class Layer:
    """An object with attributes."""

    def __init__(self):
        self.size, self.name = 3, "conv"


class Slotted:
    __slots__ = ("size",)


class Words(list):
    pass


class Table(dict):
    pass


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_of_any_class_come_out_as_their_parts(protocol):
    found = load(pickle.dumps(Layer(), protocol))
    assert isinstance(found, Inert) and found.title == f"{__name__}.Layer"
    assert plain(found.state) == {"size": 3, "name": "conv"}


@pytest.mark.parametrize("protocol", range(2, 6))
def test_subclasses_of_containers_keep_their_items(protocol):
    words, table, slotted = Words(["a", "b"]), Table(a=1), Slotted()
    slotted.size = 4
    found = load(pickle.dumps([words, table, slotted], protocol))
    assert (found[0].title, found[0].items) == (f"{__name__}.Words", ["a", "b"])
    assert (found[1].title, found[1].pairs) == (f"{__name__}.Table", [("a", 1)])
    assert plain(found[2].state[1]) == {"size": 4}


def test_names_come_out_as_names():
    found = load(pickle.dumps([print, collections.OrderedDict, struct.Struct], 2))
    assert [item.title for item in found] == ["__builtin__.print", "collections.OrderedDict", "_struct.Struct"]
    assert all(isinstance(item, Global) for item in found)


def test_a_pickle_ends_where_it_says():
    data = pickle.dumps([1, 2], 2)
    assert pickle_machine.load(b"before" + data + b"behind", "x", 6) == ([1, 2], 6 + len(data))


def short(text):
    """A text as protocol 4 writes it."""
    return b"\x8c" + bytes([len(text)]) + text


SYSTEM = b"cos\nsystem\n"
CALL = SYSTEM + b"(S'touch canary'\ntR"
BOMB = b"]q\x00" + b"".join(
    b"]q" + bytes([k + 1]) + b"(" + b"h" + bytes([k]) + b"h" + bytes([k]) + b"e" for k in range(99)
)
HOSTILE = {
    # calls, in every way in which a pickle can ask for one
    "reduce": CALL + b".",
    "reduce of a global by stack": b"\x80\x04"
    + short(b"os")
    + short(b"system")
    + b"\x93"
    + short(b"touch canary")
    + b"\x85R.",
    "reduce whose result is popped": CALL + b"0N.",
    "reduce below a mark that is popped": b"(" + CALL + b"1N.",
    "call of what was called": b"c__builtin__\ngetattr\n(cos\nsystem\nS'__call__'\ntR(S'touch canary'\ntR.",
    "inst": b"(S'touch canary'\nios\nsystem\n.",
    "obj": b"(" + SYSTEM + b"S'touch canary'\no.",
    "newobj": SYSTEM + b"(S'touch canary'\nt\x81.",
    "newobj with keywords": SYSTEM + b"(S'touch canary'\nt}\x92.",
    "build with a state": b"cbuiltins\nobject\n)\x81}S'__setstate__'\n" + SYSTEM + b"sbS'touch canary'\nb.",
    "build with slots": b"csubprocess\nPopen\n)\x81N}S'a'\nNs\x86b.",
    "build on a called object": CALL + b"}S'a'\nK\x01sb.",
    "append to an object": b"ccollections\ndeque\n)R" + CALL + b"a.",
    "appends to an object": b"csubprocess\nPopen\n)R(K\x01K\x02e.",
    "item of an object": b"csubprocess\nPopen\n)RK\x01K\x02s.",
    "items of an object": b"cos\n_Environ\n)R(S'PATH'\nS'x'\nu.",
    "additems to an object": b"csubprocess\nPopen\n)R(K\x01\x90.",
    "eval": b'c__builtin__\neval\n(S\'__import__("os").system("touch canary")\'\ntR.',
    "exec": b'cbuiltins\nexec\n(S\'open("canary", "w")\'\ntR.',
    "compile": b"cbuiltins\ncompile\n(S'1'\nS'x'\nS'eval'\ntR.",
    "import": b"c__builtin__\n__import__\n(S'antigravity'\ntR.",
    "open for writing": b"c__builtin__\nopen\n(S'canary'\nS'w'\ntR.",
    "runpy": b"crunpy\nrun_path\n(S'canary.py'\ntR.",
    "pickle in a pickle": b"cpickle\nloads\n(" + b"S'" + CALL.replace(b"\n", b"\\n").replace(b"'", b"\\'") + b".'\ntR.",
    "marshalled code": b"ctypes\nFunctionType\n(cmarshal\nloads\n(S'x'\ntR}tR.",
    "socket": b"csocket\ncreate_connection\n((S'127.0.0.1'\nI9\nttR.",
    "webbrowser": b"cwebbrowser\nopen\n(S'http://127.0.0.1:9'\ntR.",
    "numpy's ways to call": b"cnumpy.testing._private.utils\nrunstring\n(S'import os'\n}tR.",
    "numpy's files": b"cnumpy\nmemmap\n(S'canary'\nS'uint8'\nS'w+'\nI0\nI9\ntR.",
    "torch's loader": b"ctorch.storage\n_load_from_bytes\n(S'x'\ntR.",
    "torch's ways to call": b"ctorch.jit.unsupported_tensor_ops\nexecWrapper\n(S'import os'\n}}tR.",
    "a module that is not there": b"cno_such_module_at_all\nthing\n)R.",
    "a module of the standard library": b"cantigravity\nthing\n)R.",
    "attributes in a name": b"\x80\x04" + short(b"os") + short(b"path.join") + b"\x93)R.",
    "a name of a name": b"\x80\x04" + short(b"builtins") + short(b"print.__self__.exec") + b"\x93)R.",
    "a makers' name called with nonsense": b"c__builtin__\nset\n(I1\ntR.",
    "an ordered dictionary of itself": b"ccollections\nOrderedDict\n(}q\x00tRq\x01h\x00h\x01s.",
    "extensions": b"\x82\x01\x83\x01\x00\x84\x01\x00\x00\x00\x87.",
    "extension called": b"\x82\x01(S'x'\ntR.",
    "buffers": b"\x80\x05\x97\x98.",
    "persistent id by line": b"Pcos\n.",
    "persistent id by stack": CALL + b"Q.",
    # sizes
    "memo bomb": BOMB + b".",
    "bomb of duplicates": b")" + b"2\x86" * 90 + b".",
    "deep lists": b"]" * 5000 + b"a" * 4999 + b".",
    "very deep tuples": b")" + b"\x85" * 1_000_000 + b".",
    "very deep lists": b"]" * 900_000 + b"a" * 899_999 + b".",
    "deep tuple as a key": b"})" + b"\x85" * 200_000 + b"Ns.",
    "deep tuple in a set": b"\x8f()" + b"\x85" * 200_000 + b"\x90.",
    "shared tuples as a key": b"})" + b"2\x86" * 64 + b"Ns.",
    "a list that holds itself": b"]q\x002a.",
    "a dictionary that holds itself": b"}q\x00K\x012s.",
    "an object that holds itself": SYSTEM + b")Rq\x00h\x00b.",
    "colliding keys": b"}("
    + b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"N" for k in range(60000))
    + b"u.",
    "a long line": b"V" + b"a" * (1 << 21) + b"\n.",
    "a long name": b"c" + b"a" * 50_000 + b"\nb\n.",
    "a long name by stack": b"X" + struct.pack("<I", 200_000) + b"a" * 200_000 + b"2\x93.",
    "a long number": b"L" + b"9" * 5000 + b"L\n.",
    "a long hexadecimal number": b"I0x" + b"f" * 900 + b"\n.",
    "a long binary number": b"\x8b" + struct.pack("<i", 1 << 20) + bytes(1 << 20) + b".",
    "a number of negative length": b"\x8b" + struct.pack("<i", -5) + b".",
    "huge text": b"X\xff\xff\xff\xff.",
    "huge bytes": b"B\xff\xff\xff\xffabc.",
    "huge bytes of 64 bits": b"\x8e" + b"\xff" * 8 + b".",
    "huge bytearray": b"\x96" + b"\xff" * 7 + b"\x7f.",
    "huge text of 64 bits": b"\x8d" + b"\xff" * 8 + b".",
    "huge memo index": b"N" + b"r\xff\xff\xff\xff" + b"j\xff\xff\xff\xff.",
    "a memo index without end": b"Np" + b"9" * 900 + b"\n.",
    "a negative memo index": b"Np-1\n.",
    "many marks": b"(" * 3_000_000 + b".",
    "many objects": b"N" * 4_000_000 + b".",
    "many kept objects": b"\x80\x04N" + b"\x94" * 4_000_000 + b".",
    "more steps than there are": b"N0" * 4_000_000 + b"N.",
    # what is no pickle
    "protocol 255": b"\x80\xffN.",
    "protocol 6": b"\x80\x06N.",
    "an unterminated frame": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
    "a frame longer than the rest": b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00N.",
    "nothing": b"",
    "no end": b"(K\x01K\x02",
    "an unknown opcode": b"\xffN.",
    "text": b"Hello, this is no pickle.",
    "stop at once": b".",
    "reduce of nothing": b"R.",
    "tuple of nothing": b"\x87.",
    "a list without a mark": b"K\x01l.",
    "pop of nothing": b"0.",
    "mark popped twice": b"(11.",
    "append to a number": b"K\x01K\x02a.",
    "item of a number": b"K\x01K\x02K\x03s.",
    "state of a number": b"K\x01}b.",
    "state of a list": b"]}b.",
    "items that do not pair": b"}(K\x01u.",
    "an object of nothing": b"(o.",
    "kept nowhere": b"h\x05.",
    "text that is no UTF-8": b"X\x02\x00\x00\x00\xff\xfe.",
    "a quote that is not closed": b"S'abc\n.",
    "a bad escape": b"S'\\x'\n.",
    "a bad unicode escape": b"V\\u12\n.",
    "a number in words": b"Ione\n.",
    "a float in words": b"Fpi\n.",
    "a name by stack that is a number": b"K\x01K\x02\x93.",
    "a global without a name": b"cos\n",
}

WATCH = """
import os, sys
sys.path[:] = [place for place in sys.path if place]
from tensornaut.loaders import pickle_machine, torch_file
from tensornaut.loaders.errors import FormatError
from tensornaut.loaders.torch_objects import TORCH_OBJECTS, stored
from tensornaut.loaders.torch_walk import walk
import encodings.raw_unicode_escape, encodings.unicode_escape, encodings.latin_1
heard = []
FORBIDDEN = ("exec", "compile", "import", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn",
             "os.spawn", "os.remove", "os.rename", "socket", "pickle", "marshal", "ctypes", "webbrowser", "shutil")
def hook(event, arguments):
    if event.startswith(FORBIDDEN):
        heard.append((event, str(arguments[:1])))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        heard.append((event, str(arguments[:2])))
folder = sys.argv[1]
names = sorted(os.listdir(folder))
pickles = {name: open(os.path.join(folder, name), "rb").read() for name in names}
sys.addaudithook(hook)
before = set(sys.modules)
for name in names:
    try:
        found, _ = pickle_machine.load(pickles[name], name, 0, TORCH_OBJECTS, stored)
        walk(found)
        verdict = "data"
        del found
    except FormatError as error:
        verdict = error.key
        assert chr(10) not in str(error)
    print(name, verdict, heard, sorted(set(sys.modules) - before), sep="|")
with open("/proc/self/status") as status:  # getrusage would count the memory of the process that started this one
    print("peak", int(status.read().split("VmHWM:")[1].split()[0]) >> 10)
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Name -> (verdict, events heard, modules imported) of hostile pickles read in a process of its own."""
    folder = tmp_path_factory.mktemp("pickles")
    place = tmp_path_factory.mktemp("place")
    for name, data in HOSTILE.items():
        (folder / name.replace("/", " ")).write_bytes(data)
    command = [sys.executable, "-c", WATCH, str(folder)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *lines, peak = done.stdout.splitlines()
    found = {name: rest for name, *rest in (line.split("|") for line in lines)}
    assert list(place.iterdir()) == [] and found.keys() == HOSTILE.keys()
    return {**found, "peak": int(peak.split()[1])}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_or_are_data(verdicts, name):
    verdict, heard, imported = verdicts[name]
    assert verdict in ("data", "pickle_cut", "pickle_damaged")
    assert (heard, imported) == ("[]", "[]")


def test_hostile_pickles_take_little_memory(verdicts):
    assert verdicts["peak"] < 512


@pytest.mark.parametrize("name", [name for name in pickle.__all__ if isinstance(getattr(pickle, name), bytes)])
def test_every_opcode_is_known(name):
    try:
        pickle_machine.load(getattr(pickle, name) + bytes(8), "x")
    except FormatError as error:
        assert not error.facts.get("reason", "").startswith(f"no opcode {getattr(pickle, name)[0]:#04x}")


def test_calls_come_out_as_objects_that_say_what_was_to_be_called():
    found = load(HOSTILE["reduce"])
    assert isinstance(found, Inert) and (found.title, found.arguments) == ("os.system", ("touch canary",))
    assert load(HOSTILE["inst"]).title == load(HOSTILE["obj"]).title == "os.system"


@given(DATA, st.sampled_from(PROTOCOLS), st.data())
def test_changed_bytes_raise_nothing_but_format_errors(data, protocol, changes):
    whole = bytearray(pickle.dumps(data, protocol))
    for _ in range(changes.draw(st.integers(1, 4))):
        whole[changes.draw(st.integers(0, len(whole) - 1))] = changes.draw(st.integers(0, 255))
    try:
        walk(pickle_machine.load(bytes(whole), "x")[0])
    except FormatError as error:
        assert "\n" not in str(error)


@given(DATA, st.sampled_from(PROTOCOLS))
def test_a_pickle_that_is_cut_says_so(data, protocol):
    whole = pickle.dumps(data, protocol)
    for size in range(0, len(whole), max(1, len(whole) // 50)):
        with pytest.raises(FormatError) as error:
            pickle_machine.load(whole[:size], "x")
        assert error.value.key == "pickle_cut"
