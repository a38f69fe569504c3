# SPDX-License-Identifier: Apache-2.0
"""What CPython's unpicklers do with pickles that a test generated: one JSON line each.

  python3 -I pickle_reference.py FILE

FILE: records of a length (four bytes, little endian) and a pickle.  Nothing is ever
imported or called: find_class and persistent_load return stand-ins, which are classes
that take part in everything and only write down what was asked of them.  Only for files
of the calling test's own making; it runs with bounded memory and time.
"""

import _pickle
import io
import json
import pickle
import resource
import sys
import warnings

MEMORY = 2 << 30
SECONDS = 900

events = []


def note(*event):
    if event[0] != "items" or not events or events[-1][0] != "items":
        events.append(event)


class Meta(type):
    """Of the stand-ins: calls, attributes and items reach this class."""

    def __call__(cls, *args, **kwargs):
        note("call", len(args))
        return stand_in()

    def __setstate__(cls, state):
        note("build", -1)

    def __setitem__(cls, key, value):
        note("items", -1)

    def extend(cls, items):
        if items:  # Python's unpickler extends by nothing, too
            note("items", -1)

    def append(cls, item):
        note("items", -1)

    add = append

    # Unpickler's C code asks whether this is there; an error says it is not.
    def __getattr__(cls, name):
        raise AttributeError(name)


def make(cls, *args, **kwargs):
    note("new", len(args))
    return stand_in()


def stand_in():
    return Meta("StandIn", (), {"__new__": make})


def hexed(text):
    return text.encode("utf-8", "surrogatepass").hex()


def mapped(module, name):
    """The names of Python 2 as find_class itself would map them."""
    import _compat_pickle as compat
    if (module, name) in compat.NAME_MAPPING:
        return compat.NAME_MAPPING[(module, name)]
    return compat.IMPORT_MAPPING.get(module, module), name


class Inert:
    def find_class(self, module, name):
        first = (module, name)
        second = mapped(*first)
        if hasattr(self, "proto"):
            first = second = second if self.proto < 3 else first
        note("import", hexed(first[0]), hexed(first[1]), hexed(second[0]), hexed(second[1]))
        return stand_in()

    def persistent_load(self, pid):
        note("persistent")
        return stand_in()


class InC(Inert, _pickle.Unpickler):
    find_class = Inert.find_class
    persistent_load = Inert.persistent_load


class InPython(Inert, pickle._Unpickler):
    pass


def read(reader, data):
    """Events and end of one unpickling."""
    events.clear()
    file = io.BytesIO(data)
    try:
        value = reader(file).load()
        error, result = None, type(value).__name__
    except Exception as e:  # whatever it is: it is what is compared
        error, result = f"{type(e).__name__}: {str(e)[:200]}", None
    return {"events": list(events), "error": error, "result": result, "at": file.tell()}


def records(data):
    at = 0
    while at < len(data):
        n = int.from_bytes(data[at:at + 4], "little")
        yield data[at + 4:at + 4 + n]
        at += 4 + n


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    warnings.simplefilter("ignore")
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    for one in records(data):
        line = {"c": read(InC, one), "python": read(InPython, one)}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
