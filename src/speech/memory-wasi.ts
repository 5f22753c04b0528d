/** A compiled program that was made for WASI. */
export type WasiProgram = object;

/** What a WebAssembly program gets to see of the world: its arguments, and one folder in memory to write to. */
export interface MemoryWasi {
  /**
   * Runs a fresh instance of the program to its end.
   *
   * @returns Its exit code.
   * @throws {Error} `WebAssembly.RuntimeError` when the program faults.
   */
  run(program: WasiProgram): number;
  /** What the program wrote into the file, `undefined` when there is none. */
  file(name: string): Uint8Array | undefined;
}

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

// Declared by neither ES2023 nor @types/node 20, and the DOM library would declare a browser with it.
const { Instance, Module } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => WasiProgram;
      readonly Instance: new (
        program: WasiProgram,
        imports: { readonly wasi_snapshot_preview1: object },
      ) => { readonly exports: { readonly memory: WasmMemory; readonly _start: () => void } };
    };
  }
).WebAssembly;

const OK = 0;
const BAD_FILE = 8;
const FILE_TOO_BIG = 22;
const NO_ENTRY = 44;
const NOT_CAPABLE = 76;

const STANDARD_FILES = 3;
const FOLDER = 3;
const FOLDER_NAME = encode('/');
const CHARACTER_DEVICE = 2;
const DIRECTORY = 3;
const REGULAR_FILE = 4;
const CREATE = 1;

interface OpenFile {
  bytes: Uint8Array;
  length: number;
  position: number;
}

class Exit extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('exit');
    this.exitCode = exitCode;
  }
}

/** Compiles a program once, for many runs. */
export function compileProgram(bytes: Uint8Array): WasiProgram {
  return new Module(bytes);
}

/**
 * Creates the world of one run of a program that turns arguments into files.
 *
 * It reads nothing, sees no environment and no clock, and touches no disk: what it prints is dropped, what it writes
 * stays in memory. Not implemented: reading, folders below the root.
 *
 * @param args The program's name and arguments; none may contain NUL.
 * @param maxFileBytes Most that one file may grow to.
 * @see WASI snapshot preview 1
 */
export function createMemoryWasi(args: readonly string[], maxFileBytes: number): MemoryWasi {
  const encodedArgs = args.map((arg) => encode(`${arg}\0`));
  const names = new Map<string, OpenFile>();
  const open: OpenFile[] = [];
  let memory: WasmMemory | undefined;

  const view = (): DataView => new DataView(memoryBuffer());
  const bytesAt = (at: number, length: number): Uint8Array =>
    new Uint8Array(memoryBuffer(), at, length);
  const memoryBuffer = (): ArrayBuffer => {
    if (memory === undefined) throw new TypeError('the program is not running');
    return memory.buffer;
  };
  const setSize = (at: number, value: number): void => view().setUint32(at, value, true);
  const fileOf = (fd: number): OpenFile | undefined => open[fd - FOLDER - 1];

  const imports = {
    args_sizes_get(countAt: number, sizeAt: number) {
      setSize(countAt, encodedArgs.length);
      setSize(
        sizeAt,
        encodedArgs.reduce((sum, arg) => sum + arg.length, 0),
      );
      return OK;
    },
    args_get(listAt: number, textAt: number) {
      let at = textAt;
      for (const [index, arg] of encodedArgs.entries()) {
        setSize(listAt + index * 4, at);
        bytesAt(at, arg.length).set(arg);
        at += arg.length;
      }
      return OK;
    },
    clock_time_get(_clock: number, _precision: bigint, timeAt: number) {
      view().setBigUint64(timeAt, 0n, true);
      return OK;
    },
    fd_prestat_get(fd: number, statAt: number) {
      if (fd !== FOLDER) return BAD_FILE;
      setSize(statAt, 0);
      setSize(statAt + 4, FOLDER_NAME.length);
      return OK;
    },
    fd_prestat_dir_name(_fd: number, nameAt: number) {
      bytesAt(nameAt, FOLDER_NAME.length).set(FOLDER_NAME);
      return OK;
    },
    fd_fdstat_get(fd: number, statAt: number) {
      const isFile = fileOf(fd) !== undefined;
      if (fd > FOLDER && !isFile) return BAD_FILE;
      bytesAt(statAt, 24).fill(0);
      view().setUint8(statAt, isFile ? REGULAR_FILE : fd === FOLDER ? DIRECTORY : CHARACTER_DEVICE);
      bytesAt(statAt + 8, 16).fill(0xff);
      return OK;
    },
    fd_fdstat_set_flags: () => OK,
    path_open(
      _folder: number,
      _lookup: number,
      nameAt: number,
      nameLength: number,
      flags: number,
      _rights: bigint,
      _inherited: bigint,
      _fdFlags: number,
      fdAt: number,
    ) {
      if ((flags & CREATE) === 0) return NO_ENTRY;
      const file = { bytes: new Uint8Array(65_536), length: 0, position: 0 };
      names.set(Buffer.from(bytesAt(nameAt, nameLength)).toString(), file);
      setSize(fdAt, FOLDER + open.push(file));
      return OK;
    },
    fd_read: () => NOT_CAPABLE,
    fd_seek(fd: number, offset: bigint, whence: number, positionAt: number) {
      const file = fileOf(fd);
      if (file === undefined) return BAD_FILE;
      const base = whence === 0 ? 0 : whence === 1 ? file.position : file.length;
      file.position = Math.max(0, base + Number(offset));
      view().setBigUint64(positionAt, BigInt(file.position), true);
      return OK;
    },
    fd_write(fd: number, buffersAt: number, count: number, writtenAt: number) {
      const file = fileOf(fd);
      if (file === undefined && fd >= STANDARD_FILES) return BAD_FILE;
      let written = 0;
      for (let i = 0; i < count; i++) {
        const at = view().getUint32(buffersAt + i * 8, true);
        const length = view().getUint32(buffersAt + i * 8 + 4, true);
        if (file !== undefined && !append(file, bytesAt(at, length), maxFileBytes))
          return FILE_TOO_BIG;
        written += length;
      }
      setSize(writtenAt, written);
      return OK;
    },
    fd_close: () => OK,
    proc_exit(exitCode: number) {
      throw new Exit(exitCode);
    },
  };
  return {
    run(program) {
      const { exports } = new Instance(program, { wasi_snapshot_preview1: imports });
      memory = exports.memory;
      try {
        exports._start();
        return 0;
      } catch (error) {
        if (error instanceof Exit) return error.exitCode;
        throw error;
      }
    },
    file(name) {
      const file = names.get(name);
      return file?.bytes.subarray(0, file.length);
    },
  };
}

function append(file: OpenFile, data: Uint8Array, maxBytes: number): boolean {
  const end = file.position + data.length;
  if (end > maxBytes) return false;
  if (end > file.bytes.length) {
    const larger = new Uint8Array(Math.min(Math.max(end, file.bytes.length * 2), maxBytes));
    larger.set(file.bytes.subarray(0, file.length));
    file.bytes = larger;
  }
  file.bytes.set(data, file.position);
  file.position = end;
  file.length = Math.max(file.length, end);
  return true;
}

function encode(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
