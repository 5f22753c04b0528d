{{/* What everything of a release is called. */}}
{{- define "byova.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) }}
{{- $name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "byova.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "byova.labels" -}}
{{ include "byova.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* byova.yaml: what the values say, and the addresses and files that the pod has. */}}
{{- define "byova.config" -}}
{{- $grpc := dict "listen" "0.0.0.0:50051" }}
{{- with .Values.tls }}
{{- if .secretName }}
{{- $tls := dict "cert" "/etc/byova-tls/tls.crt" "key" "/etc/byova-tls/tls.key" }}
{{- if .clientCa }}{{ $_ := set $tls "clientCa" "/etc/byova-tls/ca.crt" }}{{ end }}
{{- if .clientNames }}{{ $_ := set $tls "clientNames" .clientNames }}{{ end }}
{{- $_ := set $grpc "tls" $tls }}
{{- end }}
{{- end }}
{{- $fixed := dict "grpc" $grpc "admin" (dict "listen" "0.0.0.0:9090") }}
{{- if .Values.config.peers }}
{{- $_ := set $fixed "peers" (dict "listen" "0.0.0.0:50052" "advertise" "${BYOVA_POD_IP}:50052") }}
{{- end }}
{{- mergeOverwrite (deepCopy .Values.config) $fixed | toYaml }}
{{- end }}

{{/* Seconds from SIGTERM until the gateway cuts what is left; its own default is 60. */}}
{{- define "byova.drainForceSeconds" -}}
{{- dig "grpc" "limits" "drainForceSeconds" 60 .Values.config | ceil | int }}
{{- end }}
