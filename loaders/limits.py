"""Limits against hostile files, all in one place. Each is far above what real models need."""

from __future__ import annotations

__all__ = [
    "ATTRIBUTE_NUMBERS",
    "DISTINCT_PARTS",
    "FOLDER_ENTRIES",
    "HEADER_BYTES",
    "INDEX_BYTES",
    "INFLATED_FLOOR_BYTES",
    "INFLATED_RATIO",
    "LARGEST_COUNT_BITS",
    "LARGEST_NUMBER",
    "LISTED",
    "LOOSE_HEADER_BYTES",
    "METADATA_CHARACTERS",
    "METADATA_ITEMS",
    "MODEL_GRAPHS",
    "MODEL_TENSORS",
    "MODULE_TENSORS",
    "NESTED_GRAPHS",
    "NESTING",
    "NPY_HEADER_BYTES",
    "PATH_DEPTH",
    "PICKLE_BYTES",
    "PICKLE_LINE_BYTES",
    "PICKLE_MARKS",
    "PICKLE_MEMO",
    "PICKLE_NAME_BYTES",
    "PICKLE_NUMBER_BYTES",
    "PICKLE_OPCODES",
    "PICKLE_STACK",
    "PROTOBUF_FIELDS",
    "PROTOBUF_TEXT_BYTES",
    "RANK",
    "SHARDS",
    "SNIFFED_BYTES",
    "TEXT_BYTES",
    "UNPACKED_CACHE_BYTES",
    "WALKED",
    "WALKED_AGAIN",
    "WALKED_NAMES",
    "WALKED_TENSORS",
    "ZIP_DIRECTORY_BYTES",
    "ZIP_MEMBERS",
]

SNIFFED_BYTES = 4096  # read to tell what a file is
HEADER_BYTES = 100_000_000  # JSON header of safetensors, as in its specification
LOOSE_HEADER_BYTES = 16_000_000  # JSON that needs a general parser, whose objects take up to 25 times the text
INDEX_BYTES = 16_000_000  # model.safetensors.index.json
SHARDS = 4096  # files of one model
FOLDER_ENTRIES = 10_000  # looked at in one folder
LARGEST_NUMBER = 2**62  # sizes and offsets; sums of two stay inside int64
LARGEST_COUNT_BITS = 55  # elements of a tensor, as a power of two; their bits stay inside int64
RANK = 64  # dimensions of a tensor, as in NumPy
LISTED = 20  # notes about single members or shards; further ones are counted
MODULE_TENSORS = 200_000  # tensors whose names are made into a tree of modules ...
DISTINCT_PARTS = 200_000  # ... and different words in those names; what has more stays a plain list
PATH_DEPTH = 16  # levels of modules; what is deeper in a name stays in one piece
NPY_HEADER_BYTES = 10_000  # as in NumPy
ZIP_MEMBERS = 100_000  # members of an archive
ZIP_DIRECTORY_BYTES = 8_000_000  # directory of an archive, whose objects take up to 25 times as much
INFLATED_RATIO = 100  # inflated bytes for each compressed byte ...
INFLATED_FLOOR_BYTES = 64 << 20  # ... above these; for each member and for all together
UNPACKED_CACHE_BYTES = 256 << 20  # inflated members kept in memory, of one archive
PICKLE_BYTES = 64 << 20  # one pickle, without the numbers that stand outside of it
PICKLE_OPCODES = 5_000_000
PICKLE_STACK = 1_000_000  # objects above the last mark
PICKLE_MARKS = 100_000
PICKLE_MEMO = 2_000_000  # objects kept to be used again
PICKLE_LINE_BYTES = 1 << 20  # a text of protocol 0
PICKLE_NAME_BYTES = 1024  # a module or a name in it
PICKLE_NUMBER_BYTES = 1024
NESTING = 100  # levels of containers in which tensors are looked for ...
WALKED = 500_000  # ... objects that are looked at ...
WALKED_AGAIN = 20_000  # ... of these inside of what was looked at before, under another name ...
WALKED_TENSORS = 250_000  # ... tensors that are listed ...
WALKED_NAMES = 1 << 26  # ... and characters of their names
METADATA_ITEMS = 1000  # settings that are shown
METADATA_CHARACTERS = 1000  # of one setting, or of its name
PROTOBUF_FIELDS = 4_000_000  # fields of all messages of a file, whose columns take 40 bytes each
PROTOBUF_TEXT_BYTES = 64 << 20  # names and other texts of all messages of a file
TEXT_BYTES = 16 << 10  # of one text; a longer one is cut
MODEL_TENSORS = 250_000  # tensors of an ONNX model, inner ones included
MODEL_GRAPHS = 20_000  # graphs inside of operators, and functions
NESTED_GRAPHS = 32  # graphs inside of operators inside of graphs
ATTRIBUTE_NUMBERS = 1 << 20  # bytes of the numbers of an attribute that are shown
