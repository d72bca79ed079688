// A country as its code: flags are not in every system's fonts.
import type { JSX } from "preact";
import { country } from "../format";

export const CountryCode = ({ code }: { code: string }): JSX.Element => (
  <span class="cc" title={country(code)}>
    {/^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : "··"}
  </span>
);
