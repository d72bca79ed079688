// Icons of the navigation and of menus: strokes on a grid of 20, in the colour of the text.
import type { JSX } from "preact";

const PATHS: Record<string, string> = {
  overview: "M3 17V9m5 8V5m5 12v-7m4 7V3",
  live: "M10 10m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M5.8 5.8a6 6 0 0 0 0 8.4m8.4 0a6 6 0 0 0 0-8.4M3.3 3.3a9.5 9.5 0 0 0 0 13.4m13.4 0a9.5 9.5 0 0 0 0-13.4",
  pages: "M5 2.5h7l4 4v11H5zM12 2.5v4h4M8 11h5M8 14h5",
  sources: "M8 12a3.5 3.5 0 0 0 5 0l3-3a3.5 3.5 0 0 0-5-5l-1 1m2 3a3.5 3.5 0 0 0-5 0l-3 3a3.5 3.5 0 0 0 5 5l1-1",
  places: "M10 18s6-5.3 6-10a6 6 0 0 0-12 0c0 4.700 6 10 6 10zM10 10a2 2 0 1 0 0-4a2 2 0 0 0 0 4",
  devices: "M3 4h14v9H3zM7 17h6M10 13v4",
  pattern: "M3 3h4v4H3zM8 3h4v4H8zM13 3h4v4h-4zM3 8h4v4H3zM8 8h4v4H8zM13 8h4v4h-4zM3 13h4v4H3zM8 13h4v4H8zM13 13h4v4h-4z",
  sessions: "M7 9a3 3 0 1 0 0-6a3 3 0 0 0 0 6M2 17c0-3 2-5 5-5s5 2 5 5M13 4h5M13 8h5M14 12h4",
  paths: "M3 5h4c4 0 3 10 7 10h3M3 15h4c2 0 2.500-2 3-4M14 5h3M10 9c.5-2 1.500-4 4-4",
  funnel: "M3 4h14l-5.500 6.500V16l-3 1.500v-7z",
  retention: "M3 3h14v3H3zM3 8.500h10v3H3zM3 14h6v3H3z",
  goals: "M5 18V3h10l-2 3.500L15 10H5",
  preferences: "M10 16.500S3 12.500 3 7.800A3.700 3.700 0 0 1 10 6a3.700 3.700 0 0 1 7 1.800c0 4.700-7 8.700-7 8.700z",
  logins: "M8 3h8v14H8M3 10h9m-3-3 3 3-3 3",
  bots: "M4 8h12v8H4zM10 8V4M8 4h4M7.500 12v.1M12.500 12v.1M2 11v3M18 11v3",
  books: "M4 3h9a3 3 0 0 1 3 3v11H7a3 3 0 0 1-3-3zM4 14a3 3 0 0 1 3-3h9",
  sharing: "M13 7a2.500 2.500 0 1 0-2.400-3.200L7.200 7.900a2.500 2.500 0 1 0 0 4.200l3.400 4.100A2.500 2.500 0 1 0 13 13",
  menu: "M3 6h14M3 10h14M3 14h14",
  more: "M4.500 10v.1M10 10v.1M15.500 10v.1",
  close: "M5 5l10 10M15 5L5 15",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  download: "M10 3v9m-4-3.500 4 4 4-4M4 16.500h12",
  image: "M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13.500 7.500v.1",
  calendar: "M3 5h14v12H3zM3 9h14M7 3v4M13 3v4",
  sun: "M10 6.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 0 0 0-7M10 1.500v2M10 16.500v2M1.500 10h2M16.500 10h2M4 4l1.400 1.400M14.600 14.600 16 16M4 16l1.400-1.400M14.600 5.400 16 4",
  moon: "M16.500 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.500 8.500z",
  plus: "M10 4v12M4 10h12",
  filter: "M3 5h14M6 10h8M8.500 15h3",
  star: "M10 2.500l2.300 4.900 5.200.7-3.800 3.700.9 5.300L10 14.600l-4.600 2.500.9-5.300L2.500 8.100l5.200-.7z",
};

export function Icon({ name, size = 18 }: { name: string; size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name] ?? PATHS.more} />
    </svg>
  );
}
