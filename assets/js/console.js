// Everything here is an addition: each page works as plain links and forms without it.
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
import "./theme-switch.js";
import "./copy.js";
import "./insert.js";
import "./confirm.js";
import "./unsaved.js";
import "./busy.js";
