"""One script in one TableEnvironment of a client JVM: statements in order, INSERTs as one set.

A session is used once and then forgotten; nothing of it reaches the next. It raises py4j's own
errors where the JVM is lost (`client.py` knows what they mean); a fault of the script is a
Problem at its place.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from py4j.protocol import Py4JJavaError

from headgate.adapters.flink.sql.client_jvm import ClientJvm
from headgate.adapters.flink.sql.errors import describe, explain_problem, read_causes
from headgate.adapters.flink.sql.plan import TableUse, find_tables, mask_options, read_graph, read_tables
from headgate.adapters.flink.sql.script import SQL_PATH, Script, Statement, StatementKind
from headgate.domain.errors import Problem
from headgate.ports.sql import PlanNode, ScriptTable

RUNTIME_MODE: Final = "execution.runtime-mode"


class SqlSession:
    """`settings` are Flink keys; those in `fixed` win over the script's SET."""

    def __init__(
        self, client: ClientJvm, script: Script, settings: Mapping[str, str], fixed: Mapping[str, str]
    ) -> None:
        self._client = client
        self._script = script
        self._fixed = fixed
        self._settings = {**settings, **fixed}
        self.problems: list[Problem] = []
        self._definition_failed = False
        self._mode_statement = self._choose_mode()
        self._environment: Any = None
        self._inserts: Any = None

    @property
    def is_bounded(self) -> bool:
        return self._settings.get(RUNTIME_MODE, "").upper() == "BATCH"

    def apply(self, jars: Sequence[Path]) -> None:
        """Everything but the INSERTs takes effect, the INSERTs are collected; faults are in `problems`."""
        if not self._open():
            return
        for jar in jars:
            self._add_jar(jar)
        for statement in self._script.statements:
            try:
                self._apply(statement)
            except Py4JJavaError as error:
                self._take_fault(statement, error)

    def explain(self) -> tuple[tuple[PlanNode, ...], tuple[ScriptTable, ...]]:
        """Plan all INSERTs as one job: the graph and the tables. A fault is in `problems`."""
        try:
            explained = self._explain(self._inserts)
        except Py4JJavaError as error:
            self.problems += self._blame(error)
            return (), ()
        try:
            uses = read_tables(self._inserts.compilePlan().asJsonString())
        except Py4JJavaError:
            # Some operators run well, but have no JSON form.
            uses = find_tables(explained)
        return read_graph(explained), tuple(self._describe_table(use) for use in uses)

    def execute(self) -> None:
        """Send the job. Py4JJavaError as Flink raised it."""
        self._inserts.execute()

    def explain_refusal(self, error: Py4JJavaError) -> tuple[Problem, ...]:
        """What the planner has against the INSERTs, found out by planning each alone."""
        return tuple(self._blame(error))

    def _choose_mode(self) -> Statement | None:
        """The runtime mode is fixed when the environment is made: the script's last word on it counts."""
        chosen = None
        if RUNTIME_MODE not in self._fixed:
            for statement in self._script.statements:
                if statement.kind is StatementKind.SET and statement.key == RUNTIME_MODE:
                    chosen = statement
                    self._settings[RUNTIME_MODE] = statement.value
        self._settings.setdefault(RUNTIME_MODE, "STREAMING")
        return chosen

    def _open(self) -> bool:
        configuration = self._client.jvm.org.apache.flink.configuration.Configuration()
        for key, value in self._settings.items():
            configuration.setString(key, value)
        try:
            self._environment = self._client.jvm.org.apache.flink.table.api.TableEnvironment.create(configuration)
            self._inserts = self._environment.createStatementSet()
        except Py4JJavaError as error:
            causes = read_causes(error)
            if self._mode_statement is not None:
                self.problems.append(explain_problem(causes, self._script, self._mode_statement))
            else:
                self.problems.append(Problem("spec.flink_config", "sql_settings_refused", (), describe(causes)))
            return False
        return True

    def _add_jar(self, jar: Path) -> None:
        try:
            self._environment.executeSql("ADD JAR '{}'".format(str(jar).replace("'", "''")))
        except Py4JJavaError as error:
            self._definition_failed = True
            message = describe(read_causes(error))
            self.problems.append(Problem(SQL_PATH, "sql_jar_unusable", (("jar", jar.name),), message))

    def _apply(self, statement: Statement) -> None:
        match statement.kind:
            case StatementKind.SET:
                if statement.key not in self._fixed and statement.key != RUNTIME_MODE:
                    self._environment.getConfig().set(statement.key, statement.value)
            case StatementKind.RESET:
                self._reset(statement.key)
            case StatementKind.DEFINITION:
                self._environment.executeSql(statement.text)
            case StatementKind.INSERT:
                self._inserts.addInsertSql(statement.text)
            case StatementKind.UNKNOWN:
                self._environment.getParser().parse(statement.text)
                line, column = self._script.locate(statement, None, None)
                head = (("statement", statement.text.split(maxsplit=1)[0].upper()),)
                self.problems.append(Problem(SQL_PATH, "sql_statement_unsupported", head, line=line, column=column))

    def _reset(self, key: str) -> None:
        """Back to what held before the script; without a key, everything that the script set."""
        keys = [key] if key else [each.key for each in self._script.statements if each.kind is StatementKind.SET]
        configuration = self._environment.getConfig().getConfiguration()
        for each in keys:
            if each == RUNTIME_MODE:
                continue
            if each in self._settings:
                configuration.setString(each, self._settings[each])
            else:
                configuration.removeKey(each)

    def _take_fault(self, statement: Statement, error: Py4JJavaError) -> None:
        problem = explain_problem(read_causes(error), self._script, statement)
        is_consequence = (
            self._definition_failed and statement.kind is StatementKind.INSERT and problem.code != "sql_syntax"
        )
        if not is_consequence:
            self.problems.append(problem)
        if statement.kind is StatementKind.DEFINITION:
            self._definition_failed = True

    def _blame(self, error: Py4JJavaError) -> list[Problem]:
        """The planner sees all INSERTs as one and does not say which it means: plan each alone."""
        inserts = [each for each in self._script.statements if each.kind is StatementKind.INSERT]
        blamed = []
        for insert in inserts if len(inserts) > 1 else ():
            alone = self._environment.createStatementSet()
            try:
                alone.addInsertSql(insert.text)
                self._explain(alone)
            except Py4JJavaError as fault:
                blamed.append(explain_problem(read_causes(fault), self._script, insert))
        return blamed or [explain_problem(read_causes(error), self._script, inserts[0])]

    def _explain(self, inserts: Any) -> str:
        api = self._client.jvm.org.apache.flink.table.api
        details = self._client.new_array(api.ExplainDetail, 1)
        details[0] = api.ExplainDetail.JSON_EXECUTION_PLAN
        return str(inserts.explain(api.ExplainFormat.TEXT, details))

    def _describe_table(self, use: TableUse) -> ScriptTable:
        options = dict(use.options) if use.options is not None else self._find_options(use)
        return ScriptTable(use.name, options.get("connector", ""), use.role, mask_options(options))

    def _find_options(self, use: TableUse) -> dict[str, str]:
        """The options in the catalogue: the only place that has those of temporary tables."""
        identifier = self._client.jvm.org.apache.flink.table.catalog.ObjectIdentifier.of(*use.identifier)
        with contextlib.suppress(Py4JJavaError):
            found = self._environment.getCatalogManager().getTable(identifier)
            if found.isPresent():
                return {str(key): str(value) for key, value in dict(found.get().getTable().getOptions()).items()}
        return {}
