import { describeBalancer } from '../deploy/balancer-suite.ts';

describeBalancer('nginx');
