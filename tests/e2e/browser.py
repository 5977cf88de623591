"""A headless Chromium that looks and clicks, by its DevTools protocol: JSON over two pipes, a NUL behind each."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from exporter.demo.processes import find_binary

SECONDS = 30.0
"""For anything that is waited for; the machine may be busy."""

_PIPES = 'in=$1; out=$2; shift 2; exec "$@" 3<&"$in" 4>&"$out"'
"""Chromium reads what it is told from file 3 and answers on file 4, whatever numbers they have here."""

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")

_KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Browser:
    """One process. What it says unasked is kept by ``Tab``s."""

    def __init__(self, requests: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._requests, self._answers = requests, answers
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tabs: dict[str, Tab] = {}

    async def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        self._requests.write(json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(SECONDS):
            told = await answer
        assert "error" not in told, f"{method}: {told['error']}"
        result: dict[str, Any] = told["result"]
        return result

    async def listen(self) -> None:
        """Until the browser ends."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                told = json.loads((await self._answers.readuntil(b"\0"))[:-1])
                if "id" in told:
                    self._waiting.pop(told["id"]).set_result(told)
                elif told.get("sessionId") in self._tabs:
                    self._tabs[told["sessionId"]].heard(told["method"], told["params"])

    async def tab(self, width: int, height: int = 900, *, script: bool = True, dark: bool = False) -> Tab:
        """An empty tab of that size, in a profile of its own."""
        context = (await self.ask("Target.createBrowserContext"))["browserContextId"]
        target = (await self.ask("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        session = (await self.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.ask(f"{domain}.enable")
        await tab.ask("Emulation.setScriptExecutionDisabled", value=not script)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await tab.ask("Emulation.setEmulatedMedia", features=[scheme])
        await tab.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        return tab


class Tab:
    """One page: ``complaints`` are what the browser had to say of it, ``requests`` what it asked for."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self._loaded = asyncio.Event()
        self.complaints: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.paused: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def heard(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"])
        elif method == "Fetch.requestPaused":
            self.paused.put_nowait(params)
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._browser.ask(method, self._session, **params)

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.ask("Page.navigate", url=url)
        await self._load()

    async def follow(self, selector: str) -> None:
        """Clicks on what leads to another page, and waits for that."""
        self._loaded.clear()
        await self.click(selector)
        await self._load()

    async def _load(self) -> None:
        async with asyncio.timeout(SECONDS):
            await self._loaded.wait()

    async def tell(self, expression: str) -> Any:
        """The value of an expression in the page; also where the page itself may run no script."""
        told = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Its value once it is true."""
        try:
            async with asyncio.timeout(SECONDS):
                while not (value := await self.tell(expression)):  # noqa: ASYNC110  a page tells nobody
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never true: {expression}\n{await self.text()}") from None
        return value

    async def text(self) -> str:
        """What a person reads."""
        return str(await self.tell("document.body.innerText"))

    async def click(self, selector: str) -> None:
        """With the mouse, where the element is; what lies over it is clicked instead, as a person would."""
        place = await self.tell(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = one.getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    async def type(self, selector: str, text: str) -> None:
        await self.click(selector)
        await self.ask("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"Enter": "\r", " ": " "}.get(key)
        await self.ask("Input.dispatchKeyEvent", type="keyDown", **code, **({"text": text} if text else {}))
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **code)

    async def stop_requests(self, pattern: str) -> None:
        """What is sent to such addresses waits for ``answer`` or ``break_off``."""
        await self.ask("Fetch.enable", patterns=[{"urlPattern": pattern}])

    async def answer(self, status: int, body: bytes) -> dict[str, Any]:
        """The next request that waits is answered by us; the request."""
        paused = await self._next_paused()
        coded = base64.b64encode(body).decode()
        await self.ask("Fetch.fulfillRequest", requestId=paused["requestId"], responseCode=status, body=coded)
        return dict(paused["request"])

    async def break_off(self) -> dict[str, Any]:
        """The next request that waits gets no answer; the request."""
        paused = await self._next_paused()
        await self.ask("Fetch.failRequest", requestId=paused["requestId"], errorReason="ConnectionReset")
        return dict(paused["request"])

    async def _next_paused(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return await self.paused.get()

    async def photograph(self, file: Path, *, whole: bool = True) -> None:
        shot = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser that leaves nothing behind."""
    told, telling = os.pipe()
    answering, answered = os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", _PIPES, "bash", str(told), str(answered), find_binary(("chromium",)), *_FLAGS),
            *("--remote-debugging-pipe", f"--user-data-dir={profile}"),
            pass_fds=(told, answered),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(told)
        os.close(answered)
        loop = asyncio.get_running_loop()
        answers = asyncio.StreamReader(limit=2**26)
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(answering, "rb")
        )
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(telling, "wb"))
        browser = Browser(asyncio.StreamWriter(transport, protocol, None, loop), answers)
        listening = asyncio.create_task(browser.listen())
        try:
            yield browser
        finally:
            with contextlib.suppress(AssertionError, TimeoutError):
                await browser.ask("Browser.close")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
            listening.cancel()
            transport.close()
            reading.close()
