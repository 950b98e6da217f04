/** Tensors that keep their data in files beside the model. */
import { closeSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { OnnxError, type ReadExternal } from "@opengradient/onnx";

/** Reads below the model's folder alone, links followed. @throws OnnxError for any other path, and for bytes that are not there */
export const readerBeside =
  (model: string): ReadExternal =>
  ({ location, offset, length }) => {
    const shown = JSON.stringify(location);
    const file = openSync(pathBeside(model, location, shown), "r");
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) throw new OnnxError(`external data ${shown} is no file`);
      const size = length ?? stat.size - offset;
      if (size < 0 || offset + size > stat.size)
        throw new OnnxError(`external data ${shown} has ${stat.size} bytes, needed are ${size} from ${offset} on`);
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        const read = readSync(file, bytes, at, size - at, offset + at);
        if (read === 0) throw new OnnxError(`external data ${shown} ends early`);
        at += read;
      }
      return bytes;
    } finally {
      closeSync(file);
    }
  };

function pathBeside(model: string, location: string, shown: string): string {
  const folder = realpathSync(dirname(resolve(model)));
  const isInside = (path: string): boolean => {
    const way = relative(folder, path);
    return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  const path = resolve(folder, location);
  if (location === "" || isAbsolute(location) || !isInside(path))
    throw new OnnxError(`external data ${shown} lies outside the model's folder`);
  const real = ((): string => {
    try {
      return realpathSync(path);
    } catch {
      throw new OnnxError(`external data ${shown} does not exist beside the model`);
    }
  })();
  if (!isInside(real)) throw new OnnxError(`external data ${shown} leads outside the model's folder`);
  return real;
}
