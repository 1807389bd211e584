"""Times as ARM writes them, and the simulated time that provisioning takes."""

import asyncio
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """ISO 8601 with the seven decimals of .NET."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


def duration(span: timedelta) -> str:
    """An ISO 8601 duration, `PT1M12.3456789S`."""
    seconds = max(span.total_seconds(), 0.0)
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{int(hours)}H" if hours >= 1 else ""
    text += f"{int(minutes)}M" if minutes >= 1 else ""
    return f"PT{text}{rest:.7f}".rstrip("0").rstrip(".") + "S"


class SimulatedTime:
    """Azure's time: what lasts a second there lasts `scale` seconds here. Timestamps are real all the same."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    async def pass_by(self, seconds: float) -> None:
        """Wait for as long as `seconds` of Azure's time last here."""
        await asyncio.sleep(seconds * self.scale)

    async def pass_since(self, started: datetime, seconds: float) -> None:
        """Wait for what is left of `seconds` of Azure's time that began at `started`."""
        await self.pass_by(self.left(started, seconds))

    def left(self, started: datetime, seconds: float) -> float:
        """How many of `seconds` of Azure's time, counted from `started`, are still to come; never below 0."""
        return max(0.0, seconds - self.age(started).total_seconds())

    def age(self, moment: datetime) -> timedelta:
        """How long ago `moment` was in Azure's time, by which whatever ages is measured.

        When nothing takes time (scale 0) things age as they do in Azure.
        """
        return (now() - moment) / (self.scale or 1.0)

    def retry_after(self, seconds: float) -> dict[str, str]:
        """The `Retry-After` header, whole seconds; none when nothing takes time."""
        return {"Retry-After": str(max(1, round(seconds * self.scale)))} if self.scale > 0 else {}
