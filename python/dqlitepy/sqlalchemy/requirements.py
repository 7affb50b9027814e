# SPDX-License-Identifier: Apache-2.0
"""Which parts of SQLAlchemy's test suite the dialects are held to: `requirement_cls` of its configuration.

SQLAlchemy takes some features for granted and the others for absent until a dialect says that it has them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

from dqlitepy.sqlalchemy.dialect import BEGIN

# What is there, though SQLAlchemy does not take it for granted.
_OPEN = """
    computed_columns computed_columns_stored computed_columns_virtual create_table_as create_temp_table_as
    deferrable_fks expression_server_defaults index_ddl_if_exists indexes_with_expressions percent_schema_names
    repeated_column_foreign_keys repeated_remote_col_foreign_keys server_defaults table_ddl_if_exists
    temporary_views unicode_ddl views

    check_constraint_reflection column_collation_reflection computed_columns_reflect_persisted
    fk_constraint_option_reflection_ondelete_noaction fk_constraint_option_reflection_ondelete_restrict
    fk_constraint_option_reflection_onupdate_restrict foreign_key_constraint_name_reflection
    foreign_key_constraint_option_reflection_ondelete foreign_key_constraint_option_reflection_onupdate
    has_temp_table indexes_check_column_order inline_check_constraint_reflection reflect_indexes_with_expressions
    reflect_table_options reflects_pk_names temp_table_names view_column_reflection view_reflection

    aggregate_order_by boolean_col_expressions ctes ctes_with_update_delete ctes_with_values dbapi_lastrowid except_
    intersect mod_operator_as_percent_sign nullsordering order_by_label_with_expression regexp_match
    supports_bitwise_and supports_bitwise_not supports_bitwise_or supports_bitwise_shift supports_bitwise_xor
    tuple_in tuple_in_w_empty update_from window_functions window_range window_range_numeric

    date_historic datetime_historic datetime_literals datetime_timezone datetime_timezone_historic
    float_or_double_precision_behaves_generically infinity_floats json_array_indexes json_type
    legacy_unconditional_json_extract nvarchar_types precision_numerics_enotation_small
    precision_numerics_retains_significant_digits time_timezone timestamp_microseconds
    timestamp_microseconds_implicit_bound uuid_data_type

    autocommit isolation_level savepoints skip_autocommit_rollback
"""

# What is not there, though SQLAlchemy takes it for granted; sqlalchemy-dqlite 0.8 closes 14.
CLOSED = {
    "implicitly_named_constraints": "SQLite gives no names to constraints that have none",
    "independent_connections": "a second schema is an attached database, which dqlite gives to one connection alone",
    "parens_in_union_contained_select_w_limit_offset": "SQLite takes no parentheses around the SELECTs of a UNION",
    "parens_in_union_contained_select_wo_limit_offset": "SQLite takes no parentheses around the SELECTs of a UNION",
    "server_side_cursors": "the suite tells cursors that stream by the names of the drivers that it knows",
}

# What is not there and SQLAlchemy does not expect: the reasons, for those who read what was skipped.
ABSENT = {
    "SQLite has no arrays": "array_type",
    "SQLite has no COMMENT": """
        comment_reflection comment_reflection_full_unicode constraint_comment_reflection
        temp_table_comment_reflection""",
    "SQLite has no CREATE OR REPLACE": "create_or_replace_view",
    "SQLite has no CREATE SCHEMA and no default schema": """
        default_schema_name_switch implicit_default_schema schema_create_delete""",
    "SQLite has no DELETE … USING": "delete_from",
    "SQLite has no DISTINCT ON": "supports_distinct_on",
    "SQLite has LIMIT and no FETCH FIRST": """
        fetch_expression fetch_first fetch_no_order_by fetch_offset_with_options fetch_percent fetch_ties""",
    "SQLite has AUTOINCREMENT and no IDENTITY": "identity_columns identity_columns_standard",
    "SQLite has no INCLUDE in its indexes": "index_reflects_included_columns",
    "SQLite has no intervals: SQLAlchemy stores a datetime": "datetime_interval window_range_non_numeric",
    "SQLite has no materialized views": "materialized_views materialized_views_reflect_pk",
    "SQLite has no PREPARE TRANSACTION": "two_phase_transactions",
    "SQLite has no names for the columns of VALUES": "table_value_constructor",
    "SQLite has no function that replaces by a regular expression": "regexp_replace",
    "SQLite has no tables without columns": "reflect_tables_no_columns",
    "SQLite takes SELECT alone in WITH": "ctes_on_dml",
    "SQLite computes columns when they are read, unless told to store them": "computed_columns_default_persisted",
    "SQLite keeps numbers as 64-bit integers and floats: others are refused": """
        cast_precision_numerics_many_significant_digits precision_numerics_many_significant_digits""",
    "SQLite's foreign keys stay within one database": "cross_schema_fk_reflection",
    "this is a peculiarity of other databases": """
        emulated_lastrowid emulated_lastrowid_even_with_sequences foreign_keys_reflect_as_index
        json_deserializer_binary non_updating_cascade reflect_indexes_with_ascdesc_as_expression
        unique_constraints_reflect_as_index unique_index_reflect_as_unique_constraints""",
}


class Requirements(SuiteRequirements):
    """What holds for dqlite, with either dialect and in either series of SQLAlchemy."""

    @property
    def async_dialect(self) -> exclusions.compound:
        """Whether the dialect is that for asyncio."""
        return exclusions.only_if(  # type: ignore[no-any-return, no-untyped-call]
            lambda config: config.db.dialect.is_async
        )

    def get_isolation_levels(self, config: Any) -> dict[str, Any]:
        """Returns the default isolation level and all of them."""
        return {"default": "SERIALIZABLE", "supported": list(BEGIN)}

    def get_order_by_collation(self, config: Any) -> str:
        """Returns a collation that every database has."""
        return "NOCASE"


def _declare(name: str, requirement: exclusions.compound) -> None:
    setattr(Requirements, name, property(lambda self: requirement))


for _name in _OPEN.split():
    _declare(_name, exclusions.open())  # type: ignore[no-untyped-call]
for _name, _reason in CLOSED.items():
    _declare(_name, exclusions.closed(_reason))  # type: ignore[no-untyped-call]
for _reason, _names in ABSENT.items():
    for _name in _names.split():
        _declare(_name, exclusions.closed(_reason))  # type: ignore[no-untyped-call]
