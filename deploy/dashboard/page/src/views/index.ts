// Which component shows which view. A view that is not here, or whose report the server does not have, is not offered.
import type { ComponentType } from "preact";
import type { View } from "../state";
import { Funnel } from "./funnel";
import { Goals } from "./goals";
import { Live } from "./live";
import { Overview } from "./overview";
import { PageTable } from "./pages";
import { Paths } from "./paths";
import { Pattern } from "./pattern";
import { Preferences } from "./preferences";
import { Retention } from "./retention";
import { Sessions } from "./sessions";
import { Sharing } from "./sharing";
import { Devices, Places, Sources } from "./traffic";
import { Books, Logins, Machines } from "./trust";

export const BODIES: Partial<Record<View, ComponentType>> = {
  overview: Overview,
  live: Live,
  pages: PageTable,
  sources: Sources,
  places: Places,
  devices: Devices,
  pattern: Pattern,
  sessions: Sessions,
  paths: Paths,
  funnel: Funnel,
  retention: Retention,
  goals: Goals,
  preferences: Preferences,
  logins: Logins,
  bots: Machines,
  books: Books,
  sharing: Sharing,
};
