import fetch from 'node-fetch';

const rq_dict = {
  imgSrc: "path/to/your/image/in/s3/bucket"
};

fetch("/analyze/segmentation-v2", {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json'
  },
  body: JSON.stringify(rq_dict)
})
.then(response => response.json())
.then(data => console.log(data))
.catch(error => console.error('Error:', error));
