#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Makes the one list of names that the ABI tests compare.

Reads the headers and tables of guest-abi and writes, for everything that they
name, one line of C: TYPE(type), FIELD(type, field), START(type, field) for a
member whose size is open, BITS(type, field), NUMBER(expression), TEXT(name).
The same lines are compiled against our headers and against Xen's, so neither
side can leave a name out.  Names listed in ours-only.list have no counterpart
and are wrapped in #ifdef OURS.

Keeps no state; rows come in the order of the files and of their lines.
"""

import re
import sys
from pathlib import Path

# Macros with arguments and other expressions that no regular reading finds.
EXPRESSIONS = """
XENMEMF_address_bits(34)
XENMEMF_get_address_bits(0x322)
XENMEMF_node(3)
XENMEMF_get_node(0x422)
XENMEMF_exact_node(1)
XENMEM_resource_ioreq_server_frame_ioreq(2)
XEN_DOMCTL_GRANT_version(0x32)
MASK_XENSTORE_IDX(1500)
MASK_XENCONS_IDX(1500, ((struct xencons_interface *)0)->in)
MASK_XENCONS_IDX(3500, ((struct xencons_interface *)0)->out)
xen_pfn_to_cr3(0x1234)
xen_cr3_to_pfn(0x1234567)
xen_vcpu_physid_to_x86_apicid(0x1200000034ull)
xen_vcpu_physid_to_x86_acpiid(0x1200000034ull)
""".strip().split("\n")

RING_EXPRESSIONS = [f"__CONST_RING_SIZE({ring}, {size})"
                    for ring in ("blkif", "netif_tx", "netif_rx",
                                 "xen_netif_ctrl")
                    for size in (4096, 8192, 16384, 65536)]

# Members that Xen declares in place and we as structures of their own.
IN_PLACE = [("struct xenpf_efi_runtime_call", f"u.{var}.{field}")
            for var in ("get_variable", "set_variable")
            for field in ("name", "size", "data", "vendor_guid")]

NOT_NUMBERS = {"uint64_aligned_t", "int64_aligned_t", "offsetof"}


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def join_lines(text):
    return text.replace("\\\n", " ")


def structures(text):
    """TYPE and FIELD rows, from the assertions next to each structure."""
    flexible = set(re.findall(r"\b(\w+)\[\];", text))
    for line in re.finditer(
            r"^ABI_(SIZE|OFFSET)\(([\w *]+), (?:([\w.[\]]+), )?\w+\);",
            text, re.M):
        kind, name, field = line.groups()
        if kind == "SIZE":
            yield f"TYPE({name})", name
        elif field in flexible:
            yield f"START({name}, {field})", f"{name} {field}"
        else:
            yield f"FIELD({name}, {field})", f"{name} {field}"
    for name, body in re.findall(r"^struct (\w+) \{(.*?)^\}", text,
                                 re.M | re.S):
        for field in re.findall(r"\b(\w+) : \d+;", body):
            yield f"BITS(struct {name}, {field})", f"struct {name} {field}"


def unasserted(text):
    """Members of structures that no ABI_OFFSET (nor bit field) covers."""
    for kind, name, body in re.findall(
            r"^(struct|union) (\w+) \{(.*?)^\}", text, re.M | re.S):
        covered = set()
        for path in re.findall(
                rf"^ABI_OFFSET\({kind} {name}, ([\w.[\]]+),", text, re.M):
            covered |= set(re.findall(r"\w+", path))
        body = re.sub(r"GUEST_HANDLE\([^)]*\)|ABI_REG_\w+\(\w+\);", " ", body)
        for declaration in re.findall(r"([^;{}]+);", body):
            for part in declaration.split(","):
                member = re.search(r"(\w+)\s*(?:\[.*\])?$", part.strip())
                if member and member.group(1) not in covered \
                        and ":" not in part:
                    yield f"{kind} {name}: {member.group(1)}"


def typedefs(text):
    for definition in re.findall(r"^typedef\s([^;{]*);", text, re.M):
        name = re.search(r"(\w+)(?:\[\w*\])?$", definition.strip()).group(1)
        yield f"TYPE({name})", name


def defines(text, texts):
    for name, value in re.findall(r"^#define (\w+)[ \t]+(\S.*)$", text, re.M):
        if name.startswith("ABI_") or name in NOT_NUMBERS:
            continue
        if '"' in value or value.strip() in texts:
            texts.add(name)
            yield f"TEXT({name})", name
        else:
            yield f"NUMBER({name})", name


def enumerators(text):
    for body in re.findall(r"^enum \w+ \{(.*?)^\}", text, re.M | re.S):
        for line in re.findall(r"^\t(\w+)(?: = [^,]+)?,", body, re.M):
            if not line.startswith("ABI_"):
                yield f"NUMBER({line})", line


def rings(text):
    for name in re.findall(r"^DEFINE_RING_TYPES\((\w+),", text, re.M):
        yield f"TYPE(union {name}_sring_entry)", name
        for field in ("req_prod", "req_event", "rsp_prod", "rsp_event", "pvt"):
            yield f"FIELD(struct {name}_sring, {field})", name
        yield f"START(struct {name}_sring, ring)", name
        for side in ("front", "back"):
            yield f"TYPE(struct {name}_{side}_ring)", name
            yield f"FIELD(struct {name}_{side}_ring, sring)", name


def tables(root):
    prefixes = {"hypercalls.def": ("HYPERCALL", "__HYPERVISOR_"),
                "domctl.def": ("DOMCTL", "XEN_DOMCTL_"),
                "sysctl.def": ("SYSCTL", "XEN_SYSCTL_")}
    for file, (macro, prefix) in prefixes.items():
        text = strip_comments((root / file).read_text())
        for nr, name in re.findall(rf"^{macro}\w*\((\d+),\s*(\w+)", text,
                                   re.M):
            if name.startswith("free_"):
                continue
            yield f"NUMBER({prefix}{name})", prefix + name
            yield f"MATCH({prefix}{name}, {nr})", prefix + name
    errnos = (root / "errno.h").read_text()
    for name in re.findall(r"\bX\((E\w+), \d+\)", errnos):
        yield f"NUMBER(XEN_{name})", f"XEN_{name}"


def rows(root):
    texts = set()
    for path in sorted(root.rglob("*.h")):
        text = strip_comments(join_lines(path.read_text()))
        yield from structures(text)
        yield from typedefs(text)
        yield from defines(text, texts)
        yield from enumerators(text)
        yield from rings(text)
    yield from tables(root)
    for expression in EXPRESSIONS + RING_EXPRESSIONS:
        yield f"NUMBER({expression})", expression
    for name, field in IN_PLACE:
        yield f"FIELD({name}, {field})", f"{name} {field}"


def main():
    root, only_list = Path(sys.argv[1]), Path(sys.argv[2])
    bare = [member for path in sorted(root.rglob("*.h"))
            for member in unasserted(strip_comments(path.read_text()))]
    if bare:
        sys.exit(f"members without ABI_OFFSET: {bare}")
    only = {line.split("#")[0].strip()
            for line in only_list.read_text().splitlines()} - {""}
    used, seen = set(), set()
    for row, name in rows(root):
        if row in seen:
            continue
        seen.add(row)
        owner = name.rsplit(" ", 1)[0]
        mine = next((n for n in (name, owner) if n in only), None)
        if mine:
            used.add(mine)
            print(f"#ifdef OURS\n{row}\n#endif")
        else:
            print(row)
    stale = only - used
    if stale:
        sys.exit(f"ours-only.list names what is not there: {sorted(stale)}")


if __name__ == "__main__":
    main()
