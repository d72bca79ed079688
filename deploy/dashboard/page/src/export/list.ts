// Lists and tables on a canvas: the boxes that have a colour, and the text where it stands. What is scrolled out of sight is
// in the picture too; what only the pointer needs (buttons that show an icon) is not.

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  radius: number;
  colour: string;
  opacity: number;
}

interface Word {
  text: string;
  x: number;
  y: number;
  width: number;
  font: string;
  colour: string;
  opacity: number;
}

/** What is drawn, in pixels from the upper left corner. */
export interface Drawn {
  width: number;
  height: number;
  boxes: Box[];
  words: Word[];
}

const TRANSPARENT = "rgba(0, 0, 0, 0)";

/** What an element shows. */
export function layout(body: HTMLElement): Drawn {
  const from = body.getBoundingClientRect();
  const drawn: Drawn = { width: from.width, height: from.height, boxes: [], words: [] };
  collect(body, from, 1, drawn);
  for (const { x, y, width, height } of drawn.boxes) grow(drawn, x + width, y + height);
  for (const { x, y, width } of drawn.words) grow(drawn, x + width, y + 8);
  return drawn;
}

function grow(drawn: Drawn, right: number, bottom: number): void {
  drawn.width = Math.max(drawn.width, right);
  drawn.height = Math.max(drawn.height, bottom);
}

function collect(element: Element, from: DOMRect, outer: number, drawn: Drawn): void {
  const style = getComputedStyle(element);
  const hidden = style.display === "none" || style.visibility === "hidden" || element.matches(".visually-hidden, .exclude, svg, .more");
  if (hidden) return;
  const opacity = outer * Number(style.opacity);
  const { x, y, width, height } = element.getBoundingClientRect();
  if (style.backgroundColor !== TRANSPARENT && width > 0) {
    const radius = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
    drawn.boxes.push({ x: x - from.x, y: y - from.y, width, height, radius, colour: style.backgroundColor, opacity });
  }
  for (const child of element.childNodes) {
    if (child instanceof Element) collect(child, from, opacity, drawn);
    else if (child instanceof Text) write(child, element, style, from, opacity, drawn);
  }
}

/** Word by word, each where it stands, so that broken lines are broken there too; what the page cuts off is cut off here too. */
function write(node: Text, parent: Element, style: CSSStyleDeclaration, from: DOMRect, opacity: number, drawn: Drawn): void {
  const cut = parent.closest(".name, .agent")?.getBoundingClientRect().right ?? Number.POSITIVE_INFINITY;
  const range = document.createRange();
  for (const word of node.data.matchAll(/\S+/g)) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const box = range.getBoundingClientRect();
    if (box.width === 0 || box.x >= cut) continue;
    drawn.words.push({
      text: style.textTransform === "uppercase" ? word[0].toUpperCase() : word[0],
      x: box.x - from.x,
      y: box.y - from.y + box.height / 2,
      width: Math.min(box.right, cut) - box.x,
      font: `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`,
      colour: style.color,
      opacity,
    });
  }
}

/** Draws it at the canvas's origin. */
export function paint(on: CanvasRenderingContext2D, drawn: Drawn): void {
  for (const { x, y, width, height, radius, colour, opacity } of drawn.boxes) {
    on.globalAlpha = opacity;
    on.fillStyle = colour;
    on.beginPath();
    on.roundRect(x, y, width, height, radius);
    on.fill();
  }
  on.textBaseline = "middle";
  for (const { text, x, y, width, font, colour, opacity } of drawn.words) {
    on.globalAlpha = opacity;
    on.fillStyle = colour;
    on.font = font;
    on.fillText(fitting(on, text, width), x, y);
  }
  on.globalAlpha = 1;
}

function fitting(on: CanvasRenderingContext2D, text: string, width: number): string {
  if (on.measureText(text).width <= width + 1) return text;
  let end = text.length;
  while (end > 1 && on.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
