// A panel as a picture: its canvas or SVG, or else its list or table drawn anew; on its background, with the title above.
import { type Drawn, layout, paint as paintList } from "./export/list";

const PAD = 24;
const HEAD = 40;
/** Most pixels of a side: browsers refuse larger canvases. */
const MOST = 16_000;

/** Saves what the panel shows as PNG. */
export async function picture(panel: HTMLElement, title: string): Promise<void> {
  const body = panel.querySelector<HTMLElement>(".panel-body");
  if (!body) return;
  const drawn = body.querySelector<HTMLCanvasElement | SVGSVGElement>("canvas, svg.chart");
  const list = drawn ? undefined : layout(body);
  const box = drawn?.getBoundingClientRect() ?? list!;
  const scale = Math.min(2, MOST / Math.max(box.width + 2 * PAD, box.height + 2 * PAD + HEAD));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((box.width + 2 * PAD) * scale);
  canvas.height = Math.ceil((box.height + 2 * PAD + HEAD) * scale);
  const paint = canvas.getContext("2d")!;
  const style = getComputedStyle(panel);
  paint.scale(scale, scale);
  paint.fillStyle = style.backgroundColor;
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = style.color;
  paint.font = `600 16px ${style.fontFamily}`;
  paint.fillText(title, PAD, PAD + 14);
  paint.translate(PAD, PAD + HEAD - 12);
  if (drawn) paint.drawImage(drawn instanceof HTMLCanvasElement ? drawn : await loaded(drawn, box as DOMRect), 0, 0, box.width, box.height);
  else paintList(paint, list as Drawn);
  const blob = await new Promise<Blob | null>(done => canvas.toBlob(done, "image/png"));
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** An SVG as an image: style sheets do not reach into it, so what counts is written into it. */
async function loaded(svg: SVGSVGElement, box: DOMRect): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const to = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  for (const [at, element] of from.entries()) {
    const style = getComputedStyle(element);
    for (const name of [
      "fill",
      "fill-opacity",
      "stroke",
      "stroke-opacity",
      "stroke-width",
      "opacity",
      "font-size",
      "font-family",
      "font-weight",
      "text-anchor",
      "dominant-baseline",
    ])
      to[at]?.setAttribute(name, style.getPropertyValue(name));
  }
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = address;
  await image.decode();
  URL.revokeObjectURL(address);
  return image;
}
