"""Speed and size: an archive of any size is written, indexed and searched, and each figure is held against its bar."""
