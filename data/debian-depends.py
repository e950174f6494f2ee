#!/usr/bin/env python3
"""Writes debian-12-depends.txt and .names beside this file from a Debian package index. Usage: debian-depends.py PACKAGES [PACKAGE ...]"""
import os
import re
import sys

ALWAYS = ("required", "important", "standard")
NAME = re.compile(r"\s*([a-z0-9][a-z0-9+.-]*)")


def read_index(path):
    """Gives each package's fields, by its name; continuation lines belong to the field above."""
    packages = {}
    with open(path, encoding="utf-8") as index:
        for stanza in index.read().split("\n\n"):
            fields = dict(re.findall(r"^([\w-]+):\s*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE))
            if "Package" in fields:
                packages.setdefault(fields["Package"], fields)
    return packages


def dependencies(packages, package):
    """Gives the packages that a package depends on, each once, in the order of their names."""
    found = set()
    for field in ("Pre-Depends", "Depends"):
        for clause in packages[package].get(field, "").split(","):
            names = [match.group(1) for match in map(NAME.match, clause.split("|")) if match]
            real = [name for name in names if name in packages]
            found.update(real[:1])
    return sorted(found - {package})


def main(path, *roots):
    packages = read_index(path)
    reached = set(roots) | {name for name, fields in packages.items() if fields.get("Priority") in ALWAYS}
    todo = sorted(reached)
    while todo:
        for name in dependencies(packages, todo.pop()):
            if name not in reached:
                reached.add(name)
                todo.append(name)

    names = sorted(reached)
    number = {name: i for i, name in enumerate(names)}
    edges = [(number[name], number[other]) for name in names for other in dependencies(packages, name)]
    base = os.path.join(os.path.dirname(os.path.abspath(__file__)), "debian-12-depends")
    with open(base + ".names", "w", encoding="utf-8") as file:
        file.writelines(f"{i}\t{name}\n" for i, name in enumerate(names))
    with open(base + ".txt", "w", encoding="utf-8") as file:
        file.write("# Dependencies among packages of Debian 12: PACKAGE DEPENDS-ON, one edge a line.\n")
        file.write("# Debian 12.15 (bookworm), main, amd64, package index of 2026-07-11. Made as data/README.md says.\n")
        file.write(f"# Packages: {len(names)} (debian-12-depends.names says which is which). Edges: {len(edges)}\n")
        file.writelines(f"{a}\t{b}\n" for a, b in edges)


if __name__ == "__main__":
    main(*sys.argv[1:])
