"""Looking at images while they are lazy: in a browser, in a notebook, or with any program that reads Zarr.

Examples
--------
>>> import numpy as np
>>> import petavox
>>> image = petavox.from_array(np.arange(24.0).reshape(4, 6))
>>> with petavox.serve(image) as server:
...     server.url.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

import html
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _core, config
from .image import Image

__all__ = ["Server", "serve"]


class Server:
    """Images at an address of this machine, until `stop` is called or the process ends.

    Make one with `petavox.serve` or `Image.view`. In a notebook it shows the viewer.
    """

    def __init__(self, server: _core.Server) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """The address of the viewer."""
        return self._server.url

    @property
    def names(self) -> list[str]:
        """The names of the images in addresses."""
        return self._server.names

    def zarr(self, name: str | None = None) -> str:
        """The address of an image as OME-Zarr.

        Parameters
        ----------
        name : str, optional
            Which image; the first by default.

        Returns
        -------
        str
            An address that Zarr libraries open.

        Raises
        ------
        KeyError
            If there is no such image.

        Examples
        --------
        >>> import numpy as np
        >>> import petavox
        >>> with petavox.serve(petavox.from_array(np.zeros((4, 6)))) as server:
        ...     server.zarr().endswith("/images/image/zarr")
        True
        """
        name = self.names[0] if name is None else name
        if name not in self.names:
            raise KeyError(f"there is no image {name!r}; there are {', '.join(self.names)}")
        return f"{self.url.partition('?')[0]}images/{name}/zarr"

    def open(self) -> None:
        """Open the viewer in a browser.

        Examples
        --------
        >>> server.open()  # doctest: +SKIP
        """
        webbrowser.open(self.url)

    def stop(self) -> None:
        """End it.

        Examples
        --------
        >>> import numpy as np
        >>> import petavox
        >>> server = petavox.serve(petavox.from_array(np.zeros((4, 6))))
        >>> server.stop()
        """
        self._server.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<petavox.Server {self.url}{'' if self._server.running else ' (stopped)'}>"

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        return f'<iframe src="{url}" width="100%" height="600" style="border: 0"></iframe><p><a href="{url}" target="_blank">{url}</a></p>'


def serve(
    *images: Any,
    labels: Any = (),
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    allow_origins: Sequence[str] = (),
    memory: int | str | None = None,
    threads: int | None = None,
    **named: Any,
) -> Server:
    """Show images at an address, computing only what is looked at.

    Every image is a complete OME-Zarr with a pyramid, for the viewer at the address itself and for all programs that read Zarr.

    Parameters
    ----------
    *images : Image or array_like
        What is shown.
    labels : Image or array_like, or several, optional
        Images of labels: their numbers are never averaged.
    host : str, optional
        Address to listen on. Others than this machine's own need a token.
    port : int, optional
        Port to listen on; a free one by default.
    token : str, optional
        What clients have to show.
    allow_origins : sequence of str, optional
        Pages of other origins that may read.
    memory, threads : optional
        As in `petavox.config.set`.
    **named : Image or array_like
        Images under names of your own.

    Returns
    -------
    Server
        Its `url` is what to open; `stop` ends it.

    Raises
    ------
    ValueError
        If there is nothing to show, or others could reach it without a token.
    OSError
        If the port is taken.

    Examples
    --------
    >>> import json
    >>> import urllib.request
    >>> import numpy as np
    >>> import petavox
    >>> image = petavox.from_array(np.arange(24.0).reshape(4, 6))
    >>> with petavox.serve(image, smooth=image.apply("gaussian", sigma=1)) as server:
    ...     told = json.load(urllib.request.urlopen(server.url + "images"))
    >>> [(one["name"], one["shape"]) for one in told]
    [('image', [4, 6]), ('smooth', [4, 6])]
    """
    shown = _named(images, "image", False) + _named(_several(labels), "labels", True)
    shown += [(name, image, False) for name, image in named.items()]
    if not shown:
        raise ValueError("serve: got no image, expected one or more")
    names, lazies, are_labels = zip(*[(name, _lazy(image), is_labels) for name, image, is_labels in shown])
    settings: Mapping[str, Any] = config.settings(memory, threads, False)
    server = _core.Server(
        list(lazies), list(names), list(are_labels), settings, host, port, token=token, origins=list(allow_origins)
    )
    return Server(server)


def view(image: Any, labels: Any, browser: bool | None, options: Mapping[str, Any]) -> Server:
    """What `Image.view` does."""
    server = serve(image, labels=labels, **options)
    if browser or (browser is None and not _in_notebook()):
        server.open()
    return server


def _several(images: Any) -> Sequence[Any]:
    return images if isinstance(images, list | tuple) else [images]


def _named(images: Sequence[Any], name: str, labels: bool) -> list[tuple[str, Any, bool]]:
    return [(name if n == 0 else f"{name}-{n + 1}", image, labels) for n, image in enumerate(images)]


def _lazy(image: Any) -> _core.LazyImage:
    from . import from_array

    if isinstance(image, Image):
        return image._lazy
    return from_array(image if hasattr(image, "__array__") else np.asarray(image))._lazy


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
