/** Ends the containers of all pods of this node; the unit coracle-pods runs it as the node stops, between the kubelet and containerd. */
import { stopPods } from '../pods.ts';

await stopPods();
