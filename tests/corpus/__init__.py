"""Folders of public test images, read here and by other libraries."""
