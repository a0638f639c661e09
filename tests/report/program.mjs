// Reports that the program makes of databases that it filled: the shipped experiments with published, measured and simulated
// times beside them, and names that are attacks.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const header =
  "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";
const attack = "</script><img src=x onerror=window.__attacked=1><script>window.__attacked=1</script>{{script}}'";

const experiment = (name, methods) =>
  `schema: rooftile.experiment/1\nname: ${name}\ndescription: y\nprofiles: [a100_sxm4_80gb]\n` +
  `kernels: [rt_flash2, rt_standard]\nworkloads:\n` +
  `  - {batch: 1, heads: 4, seq: [256, 512, 1024], head_dim: 64, methods: [${methods}]}\n`;

// make_pages(PROGRAM, SCRATCH): [{name, db, html, json}]; both texts are of the same moment.
export const make_pages = (program, scratch) => {
  const env = { ...process.env, SOURCE_DATE_EPOCH: "1700000000", ROOFTILE_DATA_DIR: root };
  const run = (...words) => execFileSync(program, words, { env, cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const write = (name, text) => {
    const file = join(scratch, name);
    writeFileSync(file, text);
    return file;
  };
  const page = (name, db) => {
    const file = join(scratch, `${name}.program.html`);
    run("report", "--db", db, "-o", file);
    return { name, db, html: readFileSync(file, "utf8"), json: run("report", "--db", db, "--format", "json") };
  };

  const shipped = join(scratch, "shipped.db");
  run("db", "import", join(root, "experiments/reference"), "--db", shipped);
  run("run", join(root, "experiments/published.yaml"), "--db", shipped);
  run("run", join(root, "experiments/standard_vs_flash.yaml"), "--db", shipped);

  const small = join(scratch, "small.db");
  const call = (kernel, seq) => `a100_sxm4_80gb,${kernel},fwd,fp16,1,4,4,${seq},${seq},64,none,,`;
  const observed = write(
    "observed.csv",
    `${header}${call("rt_flash2", 512)}measured,me,0.00002\n${call("rt_flash2", 1024)}published,them,0.00003\n`,
  );
  run("db", "import", observed, "--db", small);
  run("run", write("small.yaml", experiment("small", "predicted, simulated")), "--db", small);

  const hostile = join(scratch, "hostile.db");
  run("db", "import", write("bad.csv", `${header}${call("rt_flash2", 512)}measured,${attack},0.00002\n`), "--db", hostile);
  run("run", write("again.yaml", experiment("again", "predicted")), "--db", hostile);
  return [page("shipped", shipped), page("small", small), page("attacked", hostile)];
};

// The rows that a query answers.
export const ask = (program, db, sql) =>
  JSON.parse(
    execFileSync(program, ["query", "--db", db, "--format", "json", sql], { encoding: "utf8", maxBuffer: 1 << 28 }),
  ).rows;
