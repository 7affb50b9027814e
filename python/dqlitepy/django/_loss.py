# SPDX-License-Identifier: Apache-2.0
"""What follows the loss of a transaction: nothing runs outside of it that the program takes to be in it.

A transaction goes with its leader, and SQLite itself ends one after some errors. A program may catch that error inside
`atomic` and go on. The next statement would be committed by itself, without those before it.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError
from django.db.utils import DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property

import dqlitepy

_GONE = "the open transaction is gone, and nothing of it was committed"


class _ErrorWrapper(DatabaseErrorWrapper):
    """Turns dqlitepy's exceptions into Django's, and looks at each."""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: Any) -> None:
        if isinstance(exc_value, dqlitepy.Error):
            self.wrapper.note(exc_value)
        super().__exit__(exc_type, exc_value, traceback)


class NoticesLoss(BaseDatabaseWrapper):
    """To be inherited by a wrapper: from the loss on, it refuses everything but a rollback."""

    # The error that came with the loss.
    _lost: dqlitepy.Error | None = None
    _to_be_rolled_back = False

    @property
    def needs_rollback(self) -> bool:
        """Whether `atomic` ends with a rollback, of which it tells nobody. After a loss it is to try the commit."""
        return self._to_be_rolled_back

    @needs_rollback.setter
    def needs_rollback(self, needed: bool) -> None:
        self._to_be_rolled_back = needed and self._lost is None

    def set_rollback(self, rollback: bool) -> None:
        """Makes `atomic` end with a rollback, as the program wants it."""
        super().set_rollback(rollback)
        self._to_be_rolled_back = rollback

    @cached_property
    def wrap_database_errors(self) -> _ErrorWrapper:
        """A context manager; Django has it around every call of the driver."""
        return _ErrorWrapper(self)

    def note(self, error: dqlitepy.Error) -> None:
        """Finds out whether the transaction went with an error."""
        if self._lost is not None or self.connection is None:
            return
        if self.in_atomic_block:
            lost = not self._in_transaction()
        else:  # without autocommit, a transaction begins with the first write: there may have been none
            lost = not self.autocommit and isinstance(error, dqlitepy.LeadershipLostError)
        if lost:
            self._lost = error

    def _in_transaction(self) -> bool:
        try:
            return bool(self.connection.in_transaction)
        except dqlitepy.Error:  # closed, or of another thread
            return True

    def validate_no_broken_transaction(self) -> None:
        """Raises TransactionManagementError after a loss; Django calls this before each statement."""
        super().validate_no_broken_transaction()
        if self._lost is not None:
            raise TransactionManagementError(f"{_GONE}. Leave the outermost atomic block") from self._lost

    def _commit(self) -> None:
        if self._lost is not None:
            raise OperationalError(f"{_GONE}: {self._lost}") from self._lost
        super()._commit()

    def _rollback(self) -> None:
        self._lost = None
        super()._rollback()
