// Nothing that goes wrong here may reach the page: every way in from outside passes one of these.
import { note } from "./notes";

type Callable = (...args: never[]) => unknown;

/** The same function, which notes what it would have thrown. */
export const guard = <F extends Callable>(f: F): F =>
  ((...args: never[]) => {
    try {
      return f(...args);
    } catch (error) {
      note("bug", error);
    }
  }) as F;

/** Listens at the window, where every event passes first. */
export const listen = (type: string, f: (event: never) => unknown): void => addEventListener(type, guard(f) as EventListener, true);
