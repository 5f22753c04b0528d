// Original file: proto/media-intelligence/multimedia.proto


export interface MediaResponse {
}

export interface MediaResponse__Output {
}
