import type {
  EnumTypeDefinition,
  MessageTypeDefinition,
  PackageDefinition,
  ServiceDefinition,
} from '@grpc/proto-loader';

/** A package in words: numbers to fields, names to numbers, methods to signatures. */
export interface PackageTable {
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly messages: Readonly<Record<string, Readonly<Record<number, string>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

// The parts of descriptor.proto that are read here.
interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}
interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}
interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly oneofDecl: readonly { readonly name: string }[];
}
type MessageDefinition = MessageTypeDefinition<object, Record<string, unknown>>;

/** Describes everything that `definition` declares in `packageName`, as loaded. */
export function describePackage(definition: PackageDefinition, packageName: string): PackageTable {
  const services: Record<string, Record<string, string>> = {};
  const messages: Record<string, Record<number, string>> = {};
  const enums: Record<string, Record<string, number>> = {};
  for (const [fullName, item] of Object.entries(definition)) {
    if (!fullName.startsWith(`${packageName}.`)) continue;
    const name = fullName.slice(packageName.length + 1);
    if (isMessage(item)) {
      const type = item.type as MessageDescriptor;
      messages[name] = describeMessage(item, type, packageName);
      for (const nested of type.enumType) enums[`${name}.${nested.name}`] = describeEnum(nested);
    } else if (isEnum(item)) {
      enums[name] = describeEnum(item.type as EnumDescriptor);
    } else {
      services[name] = describeService(item);
    }
  }
  return { services, messages, enums };
}

function isMessage(item: PackageDefinition[string]): item is MessageDefinition {
  return item['format'] === 'Protocol Buffer 3 DescriptorProto';
}

function isEnum(item: PackageDefinition[string]): item is EnumTypeDefinition {
  return item['format'] === 'Protocol Buffer 3 EnumDescriptorProto';
}

function describeService(service: PackageDefinition[string]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service as ServiceDefinition).map(([name, method]) => {
      const request = (method.requestType.type as MessageDescriptor).name;
      const response = (method.responseType.type as MessageDescriptor).name;
      const from = method.requestStream ? `stream ${request}` : request;
      const to = method.responseStream ? `stream ${response}` : response;
      return [name, `${from} -> ${to}`];
    }),
  );
}

function describeEnum(type: EnumDescriptor): Record<string, number> {
  return Object.fromEntries(type.value.map(({ name, number }) => [name, number]));
}

function describeMessage(
  definition: MessageDefinition,
  type: MessageDescriptor,
  packageName: string,
): Record<number, string> {
  return Object.fromEntries(
    type.field.map((field) => {
      const oneof = type.oneofDecl.find(({ name }) => isMember(definition, field, name));
      const prefix = oneof === undefined ? '' : `${oneof.name}: `;
      return [field.number, `${prefix}${field.name} ${describeType(field, type, packageName)}`];
    }),
  );
}

function describeType(
  field: FieldDescriptor,
  owner: MessageDescriptor,
  packageName: string,
): string {
  const entry = owner.nestedType.find(({ name }) => name === field.typeName);
  if (entry !== undefined) {
    const [key, value] = entry.field.map((part) => describeType(part, entry, packageName));
    return `map<${key},${value}>`;
  }
  const name = field.typeName.replace(/^\./, '').replace(`${packageName}.`, '');
  const kind = field.type.replace('TYPE_', '').toLowerCase();
  const type = name === '' ? kind : `${kind} ${name}`;
  return field.label === 'LABEL_REPEATED' ? `repeated ${type}` : type;
}

/** The descriptor does not tell reliably which fields a oneof holds; the codec does. */
function isMember(definition: MessageDefinition, field: FieldDescriptor, oneof: string): boolean {
  if (field.label === 'LABEL_REPEATED') return false;
  const samples: Readonly<Record<string, unknown>> = { TYPE_MESSAGE: {}, TYPE_STRING: 'x' };
  const bytes = definition.serialize({ [field.name]: samples[field.type] ?? 1 });
  return definition.deserialize(bytes)[oneof] === field.name;
}
