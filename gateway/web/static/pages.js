// Wakes the design system's components, and moves the focus to what went wrong.
import { initAll } from "./vendor/nhsuk-frontend-10.6.1/nhsuk-frontend.js";

initAll();
