// Makes dist/world.json: the shapes of countries as SVG paths by ISO 3166-1 alpha-2 code, from Natural Earth (public domain) as the
// npm package `world-atlas` has it. Projected here, so that the page needs neither a projection nor TopoJSON. Countries too
// small for the coarse map are points.
//
// The answer: { width, height, shapes: { DE: "M…Z" }, points: { SG: [x, y] }, rest: "M…Z" } in whole units; `rest` has no code.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoArea, geoCentroid, geoNaturalEarth1, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const WIDTH = 960;
const HEIGHT = 430;
/** Smallest territory of the fine map that is a point, km². */
const LEAST_KM2 = 15;
const EARTH_KM2 = 510_065_600;
/** Without a number in Natural Earth, with a code in use. */
const NAMED = { Kosovo: "XK" };

const codes = new Map(require("i18n-iso-countries/codes.json").map(([alpha2, , numeric]) => [numeric, alpha2]));
const code = shape => NAMED[shape.properties.name] ?? codes.get(String(shape.id ?? "").padStart(3, "0"));

function countries(file) {
  const atlas = JSON.parse(readFileSync(require.resolve(`world-atlas/${file}`), "utf8"));
  // Nobody lives in Antarctica, and it takes a fifth of the picture.
  return feature(atlas, atlas.objects.countries).features.filter(shape => code(shape) !== "AQ");
}

/** Absolute points of a path as short relative moves in whole units; what falls on the point before it is left out. */
function short(path) {
  return path
    .split("M")
    .slice(1)
    .map(ring => {
      const points = ring
        .replace("Z", "")
        .split("L")
        .map(point => point.split(",").map(Math.round));
      let [x, y] = points[0];
      let text = `M${x} ${y}`;
      let moves = 0;
      for (const [toX, toY] of points.slice(1)) {
        if (toX === x && toY === y) continue;
        text += `${moves++ === 0 ? "l" : toX - x < 0 ? "" : " "}${toX - x}${toY - y < 0 ? "" : " "}${toY - y}`;
        [x, y] = [toX, toY];
      }
      return moves < 2 ? "" : `${text}z`;
    })
    .join("");
}

export function world() {
  const coarse = countries("countries-110m.json");
  const projection = geoNaturalEarth1().fitSize([WIDTH, HEIGHT], { type: "FeatureCollection", features: coarse });
  const path = geoPath(projection);
  const shapes = {};
  let rest = "";
  for (const shape of coarse) {
    const of = code(shape);
    const drawn = short(path(shape) ?? "");
    if (of) shapes[of] = (shapes[of] ?? "") + drawn;
    else rest += drawn;
  }
  const points = {};
  for (const shape of countries("countries-50m.json")) {
    const of = code(shape);
    if (!of || shapes[of] || (geoArea(shape) / (4 * Math.PI)) * EARTH_KM2 < LEAST_KM2) continue;
    points[of] = projection(geoCentroid(shape)).map(Math.round);
  }
  return JSON.stringify({ width: WIDTH, height: HEIGHT, shapes, points, rest });
}
