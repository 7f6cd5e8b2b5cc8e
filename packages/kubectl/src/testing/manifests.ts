/** Manifests the comparisons work with. */
export const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.14.2
        ports:
        - containerPort: 80
`;

export const service = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 80
`;

export const configMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  colour: blue
  text: |
    one
    two
`;

export const pod = `apiVersion: v1
kind: Pod
metadata:
  name: one
  labels:
    app: one
    tier: back
  annotations:
    note: hello
spec:
  nodeName: nowhere
  initContainers:
  - name: first
    image: busybox
    command: ["sh", "-c", "true"]
  containers:
  - name: main
    image: nginx:1.14.2
    args: ["a", "b"]
    ports:
    - containerPort: 80
      name: http
    - containerPort: 443
    env:
    - name: A
      value: b
    - name: WHO
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: SECRET
      valueFrom:
        secretKeyRef:
          name: s
          key: k
    - name: CPU
      valueFrom:
        resourceFieldRef:
          resource: limits.cpu
    envFrom:
    - configMapRef:
        name: settings
    resources:
      requests:
        cpu: 100m
        memory: 64Mi
      limits:
        cpu: "1"
        memory: 128Mi
    livenessProbe:
      httpGet:
        path: /healthz
        port: 80
    readinessProbe:
      exec:
        command: ["cat", "/tmp/x"]
    volumeMounts:
    - name: data
      mountPath: /data
    - name: conf
      mountPath: /conf
      readOnly: true
  - name: side
    image: busybox
  volumes:
  - name: data
    emptyDir: {}
  - name: conf
    configMap:
      name: settings
  - name: host
    hostPath:
      path: /var
      type: Directory
  tolerations:
  - key: a
    operator: Exists
    effect: NoSchedule
`;
