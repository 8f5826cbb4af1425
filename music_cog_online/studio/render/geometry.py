"""From a source's picture to the canvas: the filters that turn, scale, frame and recolour it."""

from __future__ import annotations

from music_cog_online.studio.media import VideoStream

__all__ = ["canvas_filter", "placed"]

_WITH_ALPHA = ("rgba", "bgra", "argb", "abgr", "pal8", "ya8", "ya16", "yuva", "gbrap", "rgba64", "bgra64")
_HDR = ("smpte2084", "arib-std-b67")
_TO_SDR = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv:p=bt709"
)


def placed(width: int, height: int, canvas: tuple[int, int], *, cover: bool) -> tuple[int, int]:
    """Size of a picture scaled into the canvas, or so that it covers it; even numbers, shape kept to a pixel or two.

    Args:
        width: Width of the picture as shown.
        height: Its height.
        canvas: Width and height of the canvas, even.
        cover: Whether it fills the canvas and sticks out, instead of staying inside.
    """
    across, down = canvas[0] / max(1, width), canvas[1] / max(1, height)
    scale = max(across, down) if cover else min(across, down)
    sides = [(round(width * scale / 2) * 2, canvas[0]), (round(height * scale / 2) * 2, canvas[1])]
    wide, high = (max(side, limit) if cover else max(2, min(side, limit)) for side, limit in sides)
    return wide, high


def canvas_filter(video: VideoStream, canvas: tuple[int, int], *, fit: str, still: bool = False) -> str:
    """The filter chain from decoded frames (already turned upright) to yuv420p, bt709, square pixels, canvas size.

    Args:
        video: The source's picture stream.
        canvas: Width and height, even.
        fit: ``pad`` puts black beside it, ``fill`` cuts off what sticks out, ``blur`` puts a blurred copy behind it.
        still: Whether it is an image, whose colours are not video's.
    """
    width, height = canvas
    before = _before(video)
    if fit == "fill":
        scaled = placed(video.width, video.height, canvas, cover=True)
        framed = f"{_scale(video, scaled, still=still)},crop={width}:{height}"
        return f"{before}{framed},setsar=1,format=yuv420p"
    inside = placed(video.width, video.height, canvas, cover=False)
    main = _scale(video, inside, still=still)
    left, top = (width - inside[0]) // 4 * 2, (height - inside[1]) // 4 * 2
    if inside == canvas:
        return f"{before}{main},setsar=1,format=yuv420p"
    if fit == "pad":
        return f"{before}{main},format=yuv420p,pad={width}:{height}:{left}:{top}:black,setsar=1"
    small = (max(2, width // 16 * 2), max(2, height // 16 * 2))
    behind = placed(video.width, video.height, small, cover=True)
    blurred = (
        f"{_scale(video, behind, still=still)},crop={small[0]}:{small[1]},gblur=sigma={small[0] / 24:.2f},"
        f"lutyuv=y=val*0.6+6,scale={width}:{height}:flags=bilinear,setsar=1,format=yuv420p"
    )
    return (
        f"{before}split[a][b];[a]{blurred}[back];[b]{main},setsar=1,format=yuv420p[front];"
        f"[back][front]overlay={left}:{top}:format=yuv420,format=yuv420p"
    )


def _before(video: VideoStream) -> str:
    steps = []
    if "top first" in video.color or "bottom first" in video.color:
        steps.append("bwdif=mode=send_frame:deint=interlaced")
    if video.pix_fmt.startswith(_WITH_ALPHA):
        steps.append("format=gbrap,premultiply=inplace=1,format=gbrp")
    if any(curve in video.color for curve in _HDR):
        steps.append(_TO_SDR)
    return "".join(f"{step}," for step in steps)


def _scale(video: VideoStream, size: tuple[int, int], *, still: bool) -> str:
    """Scaling with the colour matrix told, since swscale takes untagged HD for SD."""
    told = f"scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd:out_color_matrix=bt709:out_range=tv"
    tagged = any(name in video.color for name in ("bt709", "bt470bg", "smpte170m", "bt2020", "smpte240m", "fcc"))
    if tagged or any(curve in video.color for curve in _HDR) or not video.pix_fmt.startswith(("yuv", "nv", "p0")):
        return told
    guess = "bt601" if still or min(video.coded_width, video.coded_height) < 720 else "bt709"
    return f"{told}:in_color_matrix={guess}"
