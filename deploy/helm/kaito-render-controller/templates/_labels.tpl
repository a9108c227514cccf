{{- define "selected" -}}
app.kubernetes.io/name: kaito-render-controller
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "labels" -}}
{{ include "selected" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "metadata" -}}
name: {{ .Release.Name }}
labels:
  {{- include "labels" . | nindent 2 }}
{{- end }}
