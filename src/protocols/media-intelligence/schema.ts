/** The data-exchange schema that a token for this service must carry (protocol.md section 1.1). */
export const MEDIA_INTELLIGENCE_SCHEMA_ID = '1b2b7077-dbcd-4732-b2f9-296f9168168a';

/** Full name of the service. */
export const MULTI_MEDIA_SERVICE = 'com.cisco.wcc.ccai.media.v1.MultiMedia';

/** HTTP/2 path of a session's control stream, bidirectional. */
export const STREAM_CONTROL_PATH = `/${MULTI_MEDIA_SERVICE}/StreamControl`;

/** HTTP/2 path of one media stream, bidirectional in form, one-way in use. */
export const STREAM_MEDIA_PATH = `/${MULTI_MEDIA_SERVICE}/StreamMedia`;
