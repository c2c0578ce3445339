"""tools/checksrc finds each thing it is meant to find, and nothing in a tree
that keeps the rules. Must not depend on the project's own sources: each test
writes the few files it needs into a folder of its own.
"""
import os
import subprocess
import sys
import tempfile
import unittest

CHECKSRC = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "tools", "checksrc")

HEAD = "/* What it does.\n * Must not know a thing.\n * Nothing special. */\n"

GOOD_HEADER = HEAD + """\
#ifndef SIL_DECODE_GOOD_H
#define SIL_DECODE_GOOD_H

#include <silhouette.h>

/** What one of them is. */
struct good {
    int count; /* 0 if none */
};

/** Called back for each. */
typedef void (*good_fn)(void *payload, int count);

/** Count them. *out: the number. */
SIL_MUST_USE enum sil_err good_count(int *out, const struct good *good);

/** The two parts, loans of good. */
int good_first(const struct good *good);
int good_second(const struct good *good);

#endif
"""

GOOD_C = HEAD + """\
#include "decode/good.h"

#include <stdlib.h>

#include "base/check.h"
#include "mask/mask.h"

static const char *const names[] = {"sprintf(", "if (a = b)"};
static const struct good none = {.count = 0};
static int (*const chosen)(const struct good *) = good_first;

_Static_assert(sizeof(int) == 4, "as everywhere");

/* Not a call: strcpy(a, b); TODO(#12): say more. */
enum sil_err good_count(int *out, const struct good *good)
{
    static const int table[2] = {1, 2};
    enum sil_err err = SIL_OK;
    int *copy = mem_alloc((size_t)good->count, sizeof *copy);

    sil_assert(good->count <= 2);
    for (int i = 0; i < 2; i++)
        *out += table[i];
    if (copy == NULL) {
        err = SIL_E_NO_MEMORY;
        goto done;
    }
    while (*out >= 0 && *out != 5)
        *out -= 1;
done:
    mem_free(copy);
    return err;
}

int good_first(const struct good *good)
{
    sil_assert(names[0] != NULL);
    return chosen == NULL ? none.count : good->count;
}
"""

GOOD_TREE = {
    "src/decode/good.h": GOOD_HEADER,
    "src/decode/good.c": GOOD_C,
    "src/mask/mask.h": HEAD,
    "src/base/errors.tbl": "/* Errors. */\n"
                           'SIL_ERROR(LOST, "lost", FETCH)\n'
                           "SIL_ERROR_ALIAS(STATE, LOST, FETCH)\n",
    "tests/unit/test_good.c": HEAD + "int a = SIL_E_STATE;\n",
    "tests/flow/test_errors.py": "CODES = ['lost']\n",
}

# name of the case: (file, what is put behind its text, what must be told)
BAD_LINES = {
    "wide": ("src/mask/a.c", "/* %s */" % ("x" * 80), "80 columns"),
    "long function": ("src/mask/a.c", "void f(void)\n{\n%s}" % (
        "    g();\n" * 71), "function of 71 lines"),
    "sprintf": ("src/mask/a.c", "void f(char *t)\n{\n    sprintf(t, t);\n}",
                "sprintf is banned"),
    "strcpy in a test": ("tests/unit/a.c", "void f(char *t)\n{\n"
                         "    strcpy (t, t);\n}", "strcpy is banned"),
    "assert": ("src/mask/a.c", "void f(int t)\n{\n    assert(t);\n}",
               "assert is banned"),
    "malloc": ("src/mask/a.c", "void *f(void)\n{\n    return malloc(1);\n}",
               "malloc outside base/mem.c"),
    "product": ("src/mask/a.c", "void *f(size_t n)\n{\n"
                "    return mem_alloc(n * 3, 1);\n}", "raw multiplication"),
    "product with sizeof": (
        "src/mask/a.c", "void *f(size_t n)\n{\n"
        "    return mem_alloc(n * sizeof(int), 1);\n}", "raw multiplication"),
    "typedef": ("src/mask/a.c", "typedef struct b {\n    int c;\n} b;",
                "typedef of a struct"),
    "if =": ("src/mask/a.c", "void f(int a)\n{\n    if ((a = g()))\n"
             "        h();\n}", "assignment in a condition of if"),
    "while =": ("src/mask/a.c", "void f(int a)\n{\n    while ((a = g()) != 3)"
                "\n        h();\n}", "assignment in a condition of while"),
    "for =": ("src/mask/a.c", "void f(int a)\n{\n    for (int i = 0; a = i; )"
              "\n        h();\n}", "assignment in a condition of for"),
    "global": ("src/mask/a.c", "static int count;", "mutable variable count"),
    "global array": ("src/mask/a.c", "int many[3] = {1, 2, 3};",
                     "mutable variable many"),
    "global pointer": ("src/mask/a.c", 'static const char *text = "";',
                       "mutable variable text"),
    "global function pointer": ("src/mask/a.c", "static int (*hook)(int);",
                                "mutable variable hook"),
    "static in a function": ("src/mask/a.c", "void f(void)\n{\n"
                             "    static int calls = 0;\n}",
                             "mutable variable calls"),
    "todo": ("src/mask/a.c", "/* TODO: later. */", "TODO without"),
    "goto": ("src/mask/a.c", "void f(void)\n{\n    goto fail;\nfail:\n"
             "    g();\n}", "goto to other than done"),
    "goto upward": ("src/mask/a.c", "void f(void)\n{\ndone:\n    g();\n"
                    "    goto done;\n}", "goto upward"),
    "parameters": ("src/mask/a.c", "int f(int a, int b, int c, int d, int e,\n"
                   "      int g)\n{\n    return a;\n}", "f has 6 parameters"),
    "must use": ("src/mask/a.h", "/** Try. */\nenum sil_err a_try(int b);",
                 "a_try lacks SIL_MUST_USE"),
    "undocumented": ("src/mask/a.h", "int a_first(void);\n\nint a_more(int b);",
                     "a_more has no comment"),
    "stage to stage": ("src/mask/a.c", '#include "decode/good.h"',
                       "mask must not include decode/good.h"),
    "http to stage": ("src/http/a.c", '#include "mask/mask.h"',
                      "http must not include mask/mask.h"),
    "base to http": ("src/base/a.c", '#include "http/http.h"',
                     "base must not include http/http.h"),
    "cli to stage": ("src/cli/a.c", '#include "mask/mask.h"',
                     "cli must not include mask/mask.h"),
    "new folder": ("src/misc/a.c", "", "no arrows for src/misc"),
    "public header": ("include/silhouette.h", "#include <stdio.h>",
                      "silhouette.h includes stdio.h"),
    "foreign in a header": ("src/infer/a.h", "#include <openvino/c/ov.h>",
                            "a header includes openvino/c/ov.h"),
    "own header": ("src/decode/good.c", None, "own header is not its first"),
    "same name": ("tests/unit/good.c", "", "name is taken by src/decode/go"),
    "no head": ("src/mask/a.c", None, "no opening comment"),
    "short head": ("src/mask/a.c", None, "fewer than three lines"),
    "error unreached": ("src/base/errors.tbl",
                        'SIL_ERROR(GONE, "gone", FETCH)',
                        "no test reaches gone"),
}

# Cases in which the whole text counts.
BAD_TEXTS = {
    "own header": HEAD + '#include "base/check.h"\n#include "decode/good.h"\n',
    "no head": "int f(void);\n",
    "short head": "/* What it does. */\n",
}


def run(tree, *options):
    """Write the tree into a new folder; give checksrc's findings in it."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in tree.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(
            [sys.executable, CHECKSRC, "--root", root, *options],
            capture_output=True, text=True, check=False)
    if done.stderr or done.returncode != (1 if done.stdout else 0):
        raise AssertionError("exit status %d, %s"
                             % (done.returncode, done.stderr))
    return done.stdout.splitlines()


class Checksrc(unittest.TestCase):

    def test_good_tree_passes(self):
        for choice in ("--includes", "--docs", "--errors"):
            self.assertEqual(run(GOOD_TREE, choice), [])
        found = [line for line in run(GOOD_TREE) if ":0: " not in line]
        self.assertEqual(found, [])

    def test_each_bad_snippet_is_found_where_it_is(self):
        for case, (path, snippet, wanted) in BAD_LINES.items():
            with self.subTest(case):
                tree = dict(GOOD_TREE)
                tree[path] = BAD_TEXTS.get(
                    case, tree.get(path, HEAD) + (snippet or "") + "\n")
                found = [line for line in run(tree) if ":0: " not in line]
                self.assertEqual(len(found), 1, found)
                self.assertIn(wanted, found[0])
                self.assertRegex(found[0], r"^%s:\d+: " % path)

    def test_a_finding_names_its_line(self):
        tree = dict(GOOD_TREE)
        tree["src/mask/a.c"] = HEAD + "\nvoid f(char *t)\n{\n    gets(t);\n}\n"
        self.assertIn("src/mask/a.c:7: gets is banned; use fgets", run(tree))

    def test_a_foreign_header_has_one_wrapper(self):
        tree = dict(GOOD_TREE)
        for name in ("a", "b"):
            tree["src/fetch/%s.c" % name] = HEAD + "#include <openssl/sha.h>\n"
        self.assertEqual(
            run(tree, "--includes"),
            ["src/fetch/b.c:4: openssl is wrapped by src/fetch/a.c already"])

    def test_the_event_loop_has_a_folder(self):
        tree = dict(GOOD_TREE)
        for path in ("src/http/a.c", "src/http/b.c", "src/server/c.c"):
            tree[path] = HEAD + "#include <uv.h>\n"
        self.assertEqual(
            run(tree, "--includes"),
            ["src/server/c.c:4: uv.h is for src/http/ alone"])

    def test_a_choice_leaves_the_other_rules_out(self):
        tree = dict(GOOD_TREE)
        tree["src/mask/a.c"] = HEAD + "static int count;\n"
        self.assertEqual(run(tree, "--docs"), [])

    def test_shape_tells_averages_off_the_mark(self):
        body = "void f%d(void)\n{\n" + "    g();\n" * 46 + "}\n"
        tree = {"src/mask/a.c":
                HEAD + "".join(body % number for number in range(9))}
        found = "\n".join(run(tree, "--shape"))
        for name in ("median: 46.0", "90 %: 46.0", "comment share",
                     "asserts per function: 0.0"):
            self.assertIn(name, found)
        self.assertNotIn("gotos", found)


if __name__ == "__main__":
    unittest.main()
