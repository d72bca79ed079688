// Style sheets that esbuild puts into app.css.
declare module "*.css";
