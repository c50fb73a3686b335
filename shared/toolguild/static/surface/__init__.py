"""What libraries offer, as far as it is known to be harmless: tables that people read and extend."""

from toolguild.static.surface.table import Table, javascript, python, table

__all__ = ["Table", "javascript", "python", "table"]
