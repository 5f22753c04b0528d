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

{{/* Whole processors of a quantity such as 2, 1.5 or 500m, rounded up; 0 without one. */}}
{{- define "byova.processors" -}}
{{- $text := toString (default "0" .) }}
{{- if hasSuffix "m" $text }}{{ divf (trimSuffix "m" $text | float64) 1000 | ceil | int }}{{ else }}{{ float64 $text | ceil | int }}{{ end }}
{{- end }}

{{/* What --workers is told. Below one whole processor Node.js may take the limit for none. */}}
{{- define "byova.workers" -}}
{{- $limit := include "byova.processors" (dig "limits" "cpu" "0" .Values.resources) | int }}
{{- $request := include "byova.processors" (dig "requests" "cpu" "0" .Values.resources) | int }}
{{- if ne (toString .Values.workers) "auto" }}{{ .Values.workers | int }}
{{- else if gt $limit 1 }}auto
{{- else if eq $limit 1 }}1
{{- else }}{{ min 64 (max 1 $request) }}{{ end }}
{{- end }}

{{/* The most workers that there may be. */}}
{{- define "byova.maxWorkers" -}}
{{- $workers := include "byova.workers" . }}
{{- if eq $workers "auto" }}{{ min 64 (include "byova.processors" .Values.resources.limits.cpu | int) }}{{ else }}{{ $workers }}{{ end }}
{{- end }}

{{/* Where replicas reach each other: each worker has a port of its own, one after the other. */}}
{{- define "byova.peerPorts" -}}
{{- $workers := include "byova.maxWorkers" . | int }}
{{- if eq $workers 1 }}{ port: peers }{{ else }}{ port: 50052, endPort: {{ add 50051 $workers }} }{{ end }}
{{- end }}
