"""The voice of the demo: numbered steps, sentences, and the command that a user would type."""

from headgate.cli.render import Output, Screen, Stopwatch, print_answer, write_note

_MARGIN = "        "


class Narrator:
    """Tells the story. With `--output json` or `yaml` it goes beside the answer, which is the verdict alone."""

    def __init__(self, screen: Screen, steps: int) -> None:
        self.screen = screen
        self._steps = steps
        self._step = 0
        self._watch = Stopwatch()

    def step(self, code: str, **facts: object) -> None:
        """The headline of the next step, with the time since the first."""
        self._step += 1
        if self._step == 1:
            self._watch = Stopwatch()
        self._write(f"\n[{self._step}/{self._steps}, {self._watch.read():.0f} s] {self.screen.say(code, **facts)}")

    def tell(self, code: str, **facts: object) -> None:
        """Sentences within a step."""
        for line in self.screen.say(code, **facts).splitlines():
            self._write(f"{_MARGIN}{line}" if self._step else line)

    def show_command(self, command: str) -> None:
        """What a user would type for what comes next."""
        self._write(f"{_MARGIN}$ {command}")

    def close(self) -> None:
        """What follows belongs to no step."""
        self._step = 0
        self._write("")

    def _write(self, text: str) -> None:
        if self.screen.output is Output.TABLE:
            print_answer(text)
        else:
            write_note(text)
