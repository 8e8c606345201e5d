/**
 * The messages of BuildKit's API that are used here, with the fields that are used (moby/buildkit: api/services/control,
 * solver/pb, session/auth, session/filesync, session/secrets, session/sshforward; grpc: health).
 */
import { bool, bytes, int, map, message, repeated, string } from './protobuf.js';

/** The service of the API. */
export const CONTROL = '/moby.buildkit.v1.Control';

/** google.protobuf.Timestamp */
export const Timestamp = message({ seconds: [1, int], nanos: [2, int] });

// solver/pb/ops.proto

export const Definition = message({
  /** Operations, marshalled. */
  def: [1, repeated(bytes)],
  /** By the digest of the operation. */
  metadata: [2, map(message({ description: [2, map(string)] }))],
});

const Input = message({ digest: [1, string], index: [2, int] });

const FileAction = message({
  /** The index of an input, or -1 for none. */
  input: [1, int],
  secondaryInput: [2, int],
  /** The index of an output of the operation, or -1 if the result is only an input of later actions. */
  output: [3, int],
  copy: [
    4,
    message({
      src: [1, string],
      dest: [2, string],
      /** -1 keeps it. */
      mode: [4, int],
      attemptUnpackDockerCompatibility: [7, bool],
      createDestPath: [8, bool],
      /** -1 keeps it. */
      timestamp: [11, int],
    }),
  ],
  rm: [7, message({ path: [1, string], allowNotFound: [2, bool] })],
});

export const Op = message({
  inputs: [1, repeated(Input)],
  source: [3, message({ identifier: [1, string], attrs: [2, map(string)] })],
  file: [4, message({ actions: [2, repeated(FileAction)] })],
});

// api/services/control/control.proto

const CacheEntry = message({ type: [1, string], attrs: [2, map(string)] });

export const SolveRequest = message({
  ref: [1, string],
  /** The first exporter, for BuildKit before 0.13. */
  exporter: [3, string],
  exporterAttrs: [4, map(string)],
  session: [5, string],
  frontend: [6, string],
  frontendAttrs: [7, map(string)],
  cache: [8, message({ exports: [4, repeated(CacheEntry)], imports: [5, repeated(CacheEntry)] })],
  entitlements: [9, repeated(string)],
  frontendInputs: [10, map(Definition)],
  exporters: [13, repeated(message({ type: [1, string], attrs: [2, map(string)] }))],
});

export const SolveResponse = message({ exporterResponse: [1, map(string)] });

/** moby.buildkit.v1.types.BuildkitVersion */
const Version = message({ version: [2, string] });

export const InfoResponse = message({ buildkitVersion: [1, Version] });

/** moby.buildkit.v1.types.WorkerRecord */
const WorkerRecord = message({ labels: [2, map(string)] });

export const ListWorkersResponse = message({ record: [1, repeated(WorkerRecord)] });

export const StatusRequest = message({ ref: [1, string] });

export const Vertex = message({
  digest: [1, string],
  inputs: [2, repeated(string)],
  name: [3, string],
  cached: [4, bool],
  started: [5, Timestamp],
  completed: [6, Timestamp],
  error: [7, string],
});

export const VertexStatus = message({
  id: [1, string],
  vertex: [2, string],
  name: [3, string],
  current: [4, int],
  total: [5, int],
  timestamp: [6, Timestamp],
  started: [7, Timestamp],
  completed: [8, Timestamp],
});

export const VertexLog = message({
  vertex: [1, string],
  timestamp: [2, Timestamp],
  stream: [3, int],
  msg: [4, bytes],
});

/** pb.Position, of which the first line has the number 1. */
const Position = message({ line: [1, int], character: [2, int] });

export const VertexWarning = message({
  vertex: [1, string],
  level: [2, int],
  short: [3, string],
  detail: [4, repeated(string)],
  url: [5, string],
  info: [6, message({ filename: [1, string], language: [4, string] })],
  ranges: [7, repeated(message({ start: [1, Position], end: [2, Position] }))],
});

export const StatusResponse = message({
  vertexes: [1, repeated(Vertex)],
  statuses: [2, repeated(VertexStatus)],
  logs: [3, repeated(VertexLog)],
  warnings: [4, repeated(VertexWarning)],
});

/** A piece of a stream. */
export const BytesMessage = message({ data: [1, bytes] });

// frontend/gateway/pb/gateway.proto

export const BridgeSolveRequest = message({
  frontend: [2, string],
  frontendOpt: [3, map(string)],
  allowResultReturn: [5, bool],
  frontendInputs: [13, map(Definition)],
});

const Result = message({ metadata: [10, map(bytes)] });

export const BridgeSolveResponse = message({ result: [3, Result] });
export const BridgeReturnRequest = message({ result: [1, Result] });

// Services of the session

export const HealthCheckResponse = message({ status: [1, int] });
export const CredentialsRequest = message({ host: [1, string] });
export const CredentialsResponse = message({ username: [1, string], secret: [2, string] });
export const GetSecretRequest = message({ id: [1, string] });
export const GetSecretResponse = message({ data: [1, bytes] });
export const CheckAgentRequest = message({ id: [1, string] });
