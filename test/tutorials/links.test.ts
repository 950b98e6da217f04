import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** As GitHub makes them of headings. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replace(/ /g, "-");

const withoutCode = (markdown: string): string => markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");

const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));

/** What a page's relative links name, where it is not there. */
function deadLinks(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, part] = link.split("#");
      const target = path ? join(root, dirname(page), path) : join(root, page);
      if (!existsSync(target)) return true;
      return part !== undefined && !anchorsOf(readFileSync(target, "utf8")).includes(part);
    });
}

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);

test("there are pages", () => expect(pages).toContain("README.md"));

test.each(pages)("%s has no dead link", (page) => expect(deadLinks(page)).toEqual([]));
