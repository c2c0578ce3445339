"""A build back end that builds nothing.

`pip download` asks the build back end of a source archive for its metadata,
which would fetch that back end and run it.  Only the verified archive is
wanted here, so this stands in: it gives pip the metadata that already lies
in the archive.  Nothing more is fetched and no line of the archive runs.
"""
import os
import shutil
from email.parser import HeaderParser


def prepare_metadata_for_build_wheel(metadata_dir, config_settings=None):
    """Copy the archive's own PKG-INFO to where pip looks for METADATA."""
    with open("PKG-INFO", encoding="utf-8") as file:
        head = HeaderParser().parse(file)
    name = "%s-%s.dist-info" % (head["Name"], head["Version"])
    os.makedirs(os.path.join(metadata_dir, name))
    shutil.copy("PKG-INFO", os.path.join(metadata_dir, name, "METADATA"))
    return name
