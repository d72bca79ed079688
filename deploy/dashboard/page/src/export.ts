// A chart as a picture: canvas or SVG of a panel, on its background, with the title above.

const PAD = 24;
const HEAD = 40;

/** Saves what the panel draws as PNG. */
export async function picture(panel: HTMLElement, title: string): Promise<void> {
  const drawn = panel.querySelector<HTMLCanvasElement | SVGSVGElement>(".panel-body canvas, .panel-body svg.chart");
  if (!drawn) return;
  const box = drawn.getBoundingClientRect();
  const scale = 2;
  const canvas = document.createElement("canvas");
  canvas.width = (box.width + 2 * PAD) * scale;
  canvas.height = (box.height + 2 * PAD + HEAD) * scale;
  const paint = canvas.getContext("2d")!;
  const style = getComputedStyle(panel);
  paint.scale(scale, scale);
  paint.fillStyle = style.backgroundColor;
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = style.color;
  paint.font = `600 16px ${style.fontFamily}`;
  paint.fillText(title, PAD, PAD + 14);
  const image = drawn instanceof HTMLCanvasElement ? drawn : await loaded(drawn, box);
  paint.drawImage(image, PAD, PAD + HEAD - 12, box.width, box.height);
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
