// Begins: who we are, what can be asked, which sites there are; then the page.
import { render } from "preact";
import { App } from "./app";
import "./style.css";

render(<App />, document.getElementById("app")!);
