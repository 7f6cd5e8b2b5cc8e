import type { Case } from './differential.ts';

const ingresses = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: plain
spec:
  defaultBackend:
    service: {name: web, port: {number: 80}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: rich
  labels: {b: two, a: one}
  annotations: {note: hello}
spec:
  ingressClassName: nginx
  tls:
  - hosts: [a.example.com, b.example.com]
    secretName: certificate
  - hosts: [c.example.com]
  rules:
  - host: a.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /other, pathType: Exact, backend: {service: {name: gone, port: {name: http}}}}
  - host: b.example.com
  - http:
      paths:
      - {pathType: ImplementationSpecific, backend: {resource: {apiGroup: example.com, kind: Bucket, name: static}}}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- addresses: [1.2.3.4]
- addresses: [1.2.3.5]
`;

const classes = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: plain-$T
  labels: {of: $T}
spec:
  controller: example.com/$T
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: rich-$T
  labels: {of: $T}
spec:
  controller: example.com/$T
  parameters: {apiGroup: example.com, kind: Settings, name: external, scope: Namespace, namespace: $N}
`;

const policies = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny
spec:
  podSelector: {}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-all
  labels: {a: b}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Egress, Ingress]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: rules
spec:
  podSelector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}
  ingress:
  - ports:
    - {port: 6379}
    - {port: 8000, endPort: 9000, protocol: UDP}
    - {port: http}
    - {protocol: SCTP}
    from:
    - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24, 172.17.2.0/24]}
    - namespaceSelector: {matchLabels: {project: x}}
      podSelector: {matchLabels: {role: front}}
  - {}
  egress:
  - to:
    - podSelector: {}
    - ipBlock: {cidr: 172.18.0.0/16}
  policyTypes: [Ingress, Egress]
`;

export const ingressCases: readonly Case[] = [
  {
    name: 'ingresses, their classes and network policies are shown and described',
    files: { 'ingresses.yaml': ingresses, 'classes.yaml': classes, 'policies.yaml': policies },
    steps: [
      'apply -f ingresses.yaml -f classes.yaml -f policies.yaml',
      'get ing',
      'get ing -o wide',
      'get ing rich -o yaml',
      'get ingressclass -l of=$T',
      'get netpol',
      'describe ing plain',
      'describe ing rich',
      'describe ingressclass plain-$T',
      'describe ingressclass rich-$T',
      'describe netpol',
      'delete -f classes.yaml',
    ],
  },
  {
    name: 'create ingress',
    steps: [
      'create ingress one --rule=a.example.com/x=web:80',
      'create ing two --class=nginx --default-backend=web:http --annotation=a=b --annotation=c=d=e',
      "create ingress three --rule=a.example.com/*=web:80,tls=one --rule='a.example.com/b=other:http' --rule=b.example.com/=web:80,tls=one --rule=c.example.com/=web:80,tls --rule=/=all:1",
      'create ingress four --rule=a.example.com/x=web:80 --dry-run=client -o yaml',
      'create ingress four --rule=a.example.com/x=web:80,tls=s --default-backend=web:80 --dry-run=client -o json -n elsewhere',
      'create ingress one --rule=a.example.com/x=web:80',
      'create ingress five --rule=/x=web:80 --dry-run=server -o name',
      'create ingress',
      'create ingress six',
      'create ingress six --rule=nothing',
      'create ingress six --default-backend=web',
      'create ingress six --default-backend=web:80 --annotation=a',
      'create ingress SIX --default-backend=web:80',
    ],
  },
];
