"""What a warehouse or dbt says when a statement fails, and what that means: rows are read from the top, the first that matches decides.

An expression sees one error without the lines that dbt puts around it, in any case of letters. Its groups ``column`` and ``relation`` are what the error
is about.
"""

from aftershock.detect.errors.code import CODE, PARTIAL, UNREAD
from aftershock.detect.errors.platform import PLATFORM
from aftershock.detect.errors.schema import SCHEMA
from aftershock.detect.errors.values import KEYS, VALUES
from aftershock.detect.rows import Row

ERROR_ROWS: tuple[Row, ...] = (*KEYS, *SCHEMA, *VALUES, *PLATFORM, *CODE)

__all__ = ["ERROR_ROWS", "PARTIAL", "UNREAD"]
