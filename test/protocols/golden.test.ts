import { describe, expect, it } from 'vitest';
import { loadPackage } from '../../src/protocols/service-loader.ts';
import { describePackage } from '../support/golden-describe.ts';
import {
  CISCO_HEALTH,
  MEDIA_FORKING,
  MEDIA_INTELLIGENCE,
  VOICE_VIRTUAL_AGENT,
} from '../support/golden-tables.ts';

const MEDIA_PACKAGE = 'com.cisco.wcc.ccai.media.v1';

describe('[check 2] the proto files declare what the contract publishes, and nothing else', () => {
  it.each([
    {
      folder: 'voice-virtual-agent',
      file: 'voicevirtualagent.proto',
      packageName: MEDIA_PACKAGE,
      table: VOICE_VIRTUAL_AGENT,
    },
    {
      folder: 'media-forking',
      file: 'conversationaudioforking.proto',
      packageName: MEDIA_PACKAGE,
      table: MEDIA_FORKING,
    },
    {
      folder: 'media-intelligence',
      file: 'multimedia.proto',
      packageName: MEDIA_PACKAGE,
      table: MEDIA_INTELLIGENCE,
    },
    {
      folder: 'health',
      file: 'health.proto',
      packageName: 'com.cisco.wcc.ccai.v1',
      table: CISCO_HEALTH,
    },
  ])('$folder', ({ folder, file, packageName, table }) => {
    const definition = loadPackage(folder, file);
    expect(describePackage(definition, packageName)).toEqual(table);
    const strangers = Object.keys(definition).filter(
      (name) => !name.startsWith(`${packageName}.`) && !name.startsWith('google.protobuf.'),
    );
    expect(strangers).toEqual([]);
  });
});
