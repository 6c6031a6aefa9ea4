{{- define "flash-sale.fullname" -}}
{{ contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pods of a part: (list $ "api"). A Prometheus takes the component for the name of the job, as alerts and dashboard do. */}}
{{- define "flash-sale.selector" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ has $part (list "api" "worker") | ternary (print "checkout-" $part) $part }}
{{- end }}

{{- define "flash-sale.labels" -}}
{{- $root := index . 0 -}}
{{ include "flash-sale.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "flash-sale.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "flash-sale.fullname" $root }}-{{ index . 1 }}
labels: {{- include "flash-sale.labels" . | nindent 2 }}
{{- end }}

{{- define "flash-sale.image" -}}
image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{/* Settings of every pod: (list $ uid). */}}
{{- define "flash-sale.pod" -}}
{{- $root := index . 0 -}}
automountServiceAccountToken: false
# Variables of this namespace's services could pass for the application's own.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ index . 1 }}
  runAsGroup: {{ index . 1 }}
  fsGroup: {{ index . 1 }}
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Settings of every container: its resources. */}}
{{- define "flash-sale.container" -}}
resources: {{- toYaml . | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* One variable of a Secret: (list name-of-secret KEY), and another name for the variable. */}}
{{- define "flash-sale.secretVariable" -}}
- name: {{ last . }}
  valueFrom: { secretKeyRef: { name: {{ index . 0 }}, key: {{ index . 1 }} } }
{{- end }}
{{- define "flash-sale.optionalVariable" -}}
- name: {{ last . }}
  valueFrom: { secretKeyRef: { name: {{ index . 0 }}, key: {{ index . 1 }}, optional: true } }
{{- end }}

{{/* The Secret of API and workers, and the one of the migrations, which run before the other is there. */}}
{{- define "flash-sale.secret" -}}
{{ .Values.secret.existing | default (include "flash-sale.fullname" .) }}
{{- end }}
{{- define "flash-sale.migrateSecret" -}}
{{ .Values.secret.existing | default (printf "%s-migrate" (include "flash-sale.fullname" .)) }}
{{- end }}

{{/* Of what has to be there before API and workers change: (list $ weight). Its Postgres comes with the rest in a first try-out. */}}
{{- define "flash-sale.beforehand" -}}
{{- $root := index . 0 -}}
{{- if not (and $root.Values.tryOut.enabled $root.Release.IsInstall) }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ index . 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}

{{/* Passwords of the try-out's servers, none of which tells another one: (list $ "owner"). */}}
{{- define "flash-sale.password" -}}
{{- $root := index . 0 -}}
{{ printf "%s %s" (index . 1) $root.Values.tryOut.password | sha256sum | trunc 32 }}
{{- end }}

{{/* What the chart's own Secrets hold, as JSON. */}}
{{- define "flash-sale.secretValues" -}}
{{- $values := .Values.secret.values }}
{{- if .Values.tryOut.enabled }}
{{- $name := include "flash-sale.fullname" . }}
{{- $runtime := include "flash-sale.password" (list . "runtime") }}
{{- $values = merge (dict
  "REDIS_URL" (printf "redis://:%s@%s-redis:6379" (include "flash-sale.password" (list . "redis")) $name)
  "DATABASE_URL" (printf "postgres://%s:%s@%s-postgres:5432/flash_sale" .Values.migrate.runtimeRole $runtime $name)
  "MIGRATE_DATABASE_URL" (printf "postgres://flash_sale:%s@%s-postgres:5432/flash_sale" (include "flash-sale.password" (list . "owner")) $name)
  "DATABASE_RUNTIME_PASSWORD" $runtime
) $values }}
{{- end }}
{{- toJson $values }}
{{- end }}
