"""Lets tests say what only a phone can say: edits the sources of layoutlib_create in a folder.

Android's classes stay as they are but for three things. Which version they are, and the constants of their C
library, are fields that may be set. Two native methods that layoutlib leaves empty are answered by delegates.
What decides about colours from Android 8 on is a field of Android 6's options too.

`open_to_tests.py FOLDER`
"""

from __future__ import annotations

import sys
from pathlib import Path

VISIT = """        super.visit(version, access, name, signature, superName, interfaces);
"""
NEW_FIELD = """        if (mClassName.equals("android/graphics/BitmapFactory$Options")) {
            String type = "Ljava/lang/Object;";
            super.visitField(Opcodes.ACC_PUBLIC, "inPreferredColorSpace", type, null, null).visitEnd();
        }
"""
BEFORE_METHODS = """    /* Visits the header of an inner class. */
"""
VISIT_FIELD = """    @Override
    public org.objectweb.asm.FieldVisitor visitField(
            int access, String name, String desc, String signature, Object value) {
        boolean isOpen = mClassName.startsWith("android/os/Build")
                || mClassName.equals("android/system/OsConstants");
        int kept = isOpen && value == null ? access & ~Opcodes.ACC_FINAL : access;
        return super.visitField(kept, name, desc, signature, value);
    }

"""
DELEGATED = """        "android.os.HandlerThread#run",
"""
MORE_DELEGATED = """        "android.os.Debug#getMemoryInfo",
        "android.os.Parcel#openFileDescriptor",
"""
PACKAGE = """                        "android.os.*",  // for android.os.Handler
"""
MORE_PACKAGES = """                        "android.system.*",
"""


def replace(path: Path, old: str, new: str) -> None:
    """Replace the only place that reads so."""
    source = path.read_text()
    if source.count(old) != 1:
        raise SystemExit(f"{path}: {old.strip()} is not there once")
    path.write_text(source.replace(old, new))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    replace(folder / "TransformClassAdapter.java", VISIT, VISIT + NEW_FIELD)
    replace(folder / "TransformClassAdapter.java", BEFORE_METHODS, VISIT_FIELD + BEFORE_METHODS)
    replace(folder / "CreateInfo.java", DELEGATED, DELEGATED + MORE_DELEGATED)
    replace(folder / "Main.java", PACKAGE, PACKAGE + MORE_PACKAGES)
